import { z } from "zod";
import { pageOf, pageQuery, timeShape } from "../http/common-shapes.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { listOutbox } from "./list-outbox.ts";
import { redriveParked } from "./redrive-parked.ts";

const tag = "Operation";

const consumerName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, "must be a consumer: lower-case letters, digits and -")
  .meta({ example: "layers" });

const consumerShape = z
  .object({
    name: z.string(),
    kind: z.enum(["state", "event"]).meta({
      description: "state: brings a copy up to date, retries for ever; event: parks what fails",
    }),
    epoch: z.string(),
    revision: z.int().meta({ description: "Everything up to here has taken effect" }),
    lagRevisions: z.int(),
    lagSeconds: z.number().meta({
      description: "For how long the first revision that has not taken effect waits",
    }),
    parked: z.int(),
    attempts: z.int().meta({ description: "Failures in a row; 0 while all is well" }),
    nextAttemptAt: timeShape.nullable(),
    lastError: z.string().nullable(),
    lastErrorAt: timeShape.nullable(),
    updatedAt: timeShape,
    heldBy: z.string().nullable().meta({ description: "Who drains it at this moment" }),
  })
  .meta({ id: "Consumer" });

const parkedShape = z
  .object({
    consumer: z.string(),
    revision: z.int(),
    committedAt: timeShape,
    changeCount: z.int(),
    attempts: z.int(),
    lastError: z.string(),
    parkedAt: timeShape,
    nextAttemptAt: timeShape.nullable().meta({ description: "null until it is put back" }),
  })
  .meta({ id: "ParkedEvent" });

const outboxShape = pageOf(parkedShape)
  .extend({
    epoch: z.string(),
    revision: z.int(),
    retention: z.object({
      oldestRevision: z.int().nullable().meta({ description: "null where the outbox is empty" }),
      oldestAt: timeShape.nullable(),
      windowDays: z.int(),
    }),
    consumers: z.array(consumerShape),
  })
  .meta({ id: "Outbox" });

const time = "2026-01-31T12:00:00.123456Z";
const outboxExample = {
  epoch: "0a1b2c3d4e5f6071",
  revision: 42,
  retention: { oldestRevision: 3, oldestAt: "2026-01-24T12:00:00.123456Z", windowDays: 7 },
  consumers: [
    {
      name: "webhooks",
      kind: "event",
      epoch: "0a1b2c3d4e5f6071",
      revision: 41,
      lagRevisions: 1,
      lagSeconds: 0.4,
      parked: 1,
      attempts: 0,
      nextAttemptAt: null,
      lastError: "the receiver answered 500",
      lastErrorAt: time,
      updatedAt: time,
      heldBy: null,
    },
  ],
  items: [
    {
      consumer: "webhooks",
      revision: 40,
      committedAt: time,
      changeCount: 1,
      attempts: 8,
      lastError: "the receiver answered 500",
      parkedAt: time,
      nextAttemptAt: null,
    },
  ],
};

export const consumerRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/outbox",
      operationId: "listOutbox",
      policy: "outbox.redrive",
      tag,
      summary: "How changes reach those who consume them, and what could not be delivered",
      description:
        "`items` are the parked events, by consumer and revision. Needs the permission without restriction.",
      query: z.strictObject({ consumer: consumerName.optional(), ...pageQuery }),
      responses: {
        200: { description: "The outbox", schema: outboxShape, example: outboxExample },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listOutbox(ctx, query) }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/outbox/{consumer}/redrive",
      operationId: "redriveParked",
      policy: "outbox.redrive",
      tag,
      summary: "Try parked events anew",
      description:
        "One of them, or `all` of the consumer. They are tried soon, as often as new ones; what fails again stays parked.",
      params: z.strictObject({ consumer: consumerName }),
      body: {
        schema: z
          .union([
            z.strictObject({ revision: z.int().positive() }),
            z.strictObject({ all: z.literal(true) }),
          ])
          .meta({ id: "Redrive" }),
        example: { all: true },
      },
      headers: ["Idempotency-Key"],
      responses: {
        200: {
          description: "How many are put back",
          schema: z.object({ consumer: z.string(), redriven: z.int() }).meta({ id: "Redriven" }),
          example: { consumer: "webhooks", redriven: 3 },
        },
      },
      errors: ["NOT_FOUND", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body, params }) => {
      const revision = "revision" in body ? body.revision : undefined;
      return { body: await redriveParked(ctx, { ...params, revision }) };
    },
  ),
];
