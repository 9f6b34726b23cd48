import { z } from "zod";
import { timeShape } from "../http/common-shapes.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { listEdges } from "./list-edges.ts";
import { refillEdge } from "./refill-edge.ts";

const tag = "Operation";

const edgeName = z
  .string()
  .regex(/^[A-Za-z0-9.:[\]-]{1,260}$/, "must be an edge: a host, with a port where it has one")
  .meta({ example: "edge.example.org" });

const edgeShape = z
  .object({
    edge: z.string(),
    isReachable: z.boolean(),
    problem: z.string().nullable().meta({ description: "Why it is not reachable" }),
    epoch: z.string().nullable().meta({ description: "null before anything was published" }),
    revision: z.int().nullable(),
    lagRevisions: z.int().nullable().meta({
      description: "How far it is behind; null where it is not reachable",
    }),
    accessVersion: z.int().nullable(),
    isAccessCurrent: z.boolean().meta({ description: "Whether it has all keys and roles" }),
    isFilling: z.boolean().meta({ description: "Whether it is given everything at this time" }),
    documents: z.int().meta({
      description: "Documents that it holds; while it is filled, those that have come since",
    }),
    bytes: z.int(),
    consumer: z.string().meta({ description: "What publishes to it, in `GET /v1/outbox`" }),
    failures: z.int().meta({ description: "Failures in a row; 0 while all is well" }),
    lastError: z.string().nullable(),
    lastErrorAt: timeShape.nullable(),
  })
  .meta({ id: "Edge" });

const edgesShape = z
  .object({
    epoch: z.string(),
    revision: z.int(),
    accessVersion: z.int(),
    layers: z.int().meta({ description: "Layers that every edge is given" }),
    items: z.array(edgeShape),
  })
  .meta({ id: "Edges" });

const edgesExample = {
  epoch: "0a1b2c3d4e5f6071",
  revision: 42,
  accessVersion: 7,
  layers: 12,
  items: [
    {
      edge: "edge.example.org",
      isReachable: true,
      problem: null,
      epoch: "0a1b2c3d4e5f6071",
      revision: 41,
      lagRevisions: 1,
      accessVersion: 7,
      isAccessCurrent: true,
      isFilling: false,
      documents: 14,
      bytes: 73_112,
      consumer: "edge-edge-example-org-2d711642",
      failures: 0,
      lastError: null,
      lastErrorAt: null,
    },
  ],
};

export const edgeRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/edges",
      operationId: "listEdges",
      policy: "outbox.redrive",
      tag,
      summary: "How far the edges have come that are published to",
      description:
        "Every edge in `EDGE_URLS` of the process that answers is asked, for five seconds at most. Needs the permission without restriction.",
      responses: {
        200: { description: "The edges", schema: edgesShape, example: edgesExample },
      },
      errors: [],
    },
    async (ctx) => ({ body: await listEdges(ctx) }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/edges/{edge}/refill",
      operationId: "refillEdge",
      policy: "outbox.redrive",
      tag,
      summary: "Publish everything to an edge anew",
      description:
        "It begins within some seconds; `GET /v1/edges` shows how far it is. Until all is there, the edge serves what it had.",
      params: z.strictObject({ edge: edgeName }),
      headers: ["Idempotency-Key"],
      responses: {
        202: {
          description: "It will be filled",
          schema: z.object({ edge: z.string() }).meta({ id: "Refill" }),
          example: { edge: "edge.example.org" },
        },
      },
      errors: ["NOT_FOUND", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { params }) => ({ status: 202, body: await refillEdge(ctx, params) }),
  ),
];
