import { z } from "zod";
import { invalidInput } from "../errors.ts";
import {
  appName,
  bodyScope,
  booleanParameter,
  environmentName,
  timeShape,
} from "../http/common-shapes.ts";
import { eventStreamHeaders, type LiveAnswer } from "../http/live.ts";
import { defineRoute, type Handler, type Route } from "../http/route.ts";
import { openStream } from "./open-stream.ts";
import { saveStream } from "./resume-stream.ts";
import type { StreamFilter } from "./stream-filter.ts";
import { issueTicket } from "./tickets/issue-ticket.ts";
import { readTicket } from "./tickets/ticket-text.ts";

const tag = "Streams";

export const socketPath = "/v1/stream/ws";

const prefixShape = z
  .string()
  .max(256)
  .meta({ description: "Only keys that begin so", example: "db." });

const streamQuery = z.strictObject({
  app: appName.optional(),
  environment: environmentName.optional(),
  prefix: prefixShape.optional(),
  values: booleanParameter.optional().meta({ description: "Whether events carry values" }),
  after: z.string().max(100).optional().meta({
    description: "Id of the last event that the client has; `Last-Event-ID` goes before it",
    example: "4f0e9d0a2f8f3f0f-41",
  }),
  ticket: z.string().max(4_000).optional().meta({
    description: "In place of a key and a filter, see `POST /v1/stream/tickets`",
  }),
});

const ticketBody = z
  .strictObject({
    ...bodyScope,
    prefix: prefixShape.default(""),
    values: z.boolean().default(false),
  })
  .meta({ id: "NewStreamTicket" });

const eventExample = `id: 4f0e9d0a2f8f3f0f-42
event: change
data: {"specversion":"1.0","id":"4f0e9d0a2f8f3f0f-42","source":"/fairlead","type":"dev.fairlead.change.v1","time":"2026-01-31T12:00:00.123456Z","datacontenttype":"application/json","data":{"epoch":"4f0e9d0a2f8f3f0f","revision":42,"changes":[{"op":"put","kind":"config","app":"payments","environment":"production","key":"db.pool.size","version":4}]}}

`;

type StreamHandler = Handler<undefined, typeof streamQuery, undefined>;

/** Opens the stream that a request asks for, over what its route speaks. */
const streamOver =
  (over: LiveAnswer["over"], headers: Readonly<Record<string, string>>): StreamHandler =>
  async (ctx, { headers: given, query }) => {
    const { after, app, environment, prefix = "", ticket, values = false } = query;
    const scope = {
      app: app ?? ctx.defaults.app,
      environment: environment ?? ctx.defaults.environment,
    };
    const filter = ticket === undefined ? { ...scope, prefix, values } : filterOf(ticket, query);
    const lastId = given.get("last-event-id") ?? "";
    const open = await openStream(ctx, filter, lastId === "" ? after : lastId);
    return { live: { over, open, again: () => saveStream(ctx, filter) }, headers };
  };

/** What was authenticated by its ticket hears what that says, and nothing else. */
const filterOf = (ticket: string, query: z.output<typeof streamQuery>): StreamFilter => {
  for (const name of ["app", "environment", "prefix", "values"] as const) {
    if (query[name] !== undefined)
      throw invalidInput(name, "is what the ticket says: leave it out");
  }
  return readTicket(ticket).filter;
};

export const streamRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/stream",
      operationId: "streamChanges",
      policy: "entries.read",
      ticket: true,
      tag,
      summary: "What changes for an (app, environment), as it is committed",
      description:
        "Server-sent events: `change` with the keys that changed in one of the four layers, `reset` where the client must read anew, `close` before the server ends the stream. While nothing happens, a block with nothing but the current `id` comes at least every 15 seconds. A client that comes back with the last `id` gets what it missed.",
      query: streamQuery,
      headers: ["Last-Event-ID"],
      responses: {
        200: {
          description: "Events, without end",
          schema: z.string(),
          example: eventExample,
          type: "text/event-stream",
        },
      },
      errors: ["NOT_FOUND", "RATE_LIMITED"],
    },
    streamOver("events", eventStreamHeaders),
  ),
  defineRoute(
    {
      method: "get",
      path: socketPath,
      operationId: "streamChangesOverWebSocket",
      policy: "entries.read",
      ticket: true,
      tag,
      summary: "The same over a WebSocket",
      description:
        'Messages are JSON: `{ "id", "event", "data" }`, and `{ "id" }` while nothing happens. Nothing is expected from the client; what it sends closes the connection with 1008, more than 1,024 bytes with 1009. The server closes with 1012 when it stops, 1013 when it cannot go on, 4401 when the key no longer counts, 4403 when its grants have changed.',
      query: streamQuery,
      headers: ["Last-Event-ID"],
      responses: { 101: { description: "The connection is a WebSocket from here on" } },
      errors: ["NOT_FOUND", "RATE_LIMITED"],
    },
    streamOver("socket", {}),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/stream/tickets",
      operationId: "createStreamTicket",
      policy: "entries.read",
      tag,
      summary: "Make a ticket for a stream that sends no headers, as in a browser",
      description:
        "The ticket opens one kind of stream, with what the body says: `GET /v1/stream?ticket=…`. It must be used within 60 seconds, and is good for coming back for 24 hours or until its key is revoked.",
      body: { schema: ticketBody, example: { app: "payments", environment: "production" } },
      responses: {
        201: {
          description: "The ticket",
          schema: z
            .object({ ticket: z.string(), expiresAt: timeShape })
            .meta({ id: "StreamTicket" }),
          example: {
            ticket: `flt_WyI4ZksyIl0.${"0".repeat(43)}`,
            expiresAt: "2026-02-01T12:00:00.000Z",
          },
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { body }) => ({
      status: 201,
      body: await issueTicket(ctx, body),
      headers: { "cache-control": "no-store" },
    }),
  ),
];
