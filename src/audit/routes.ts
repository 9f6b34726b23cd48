import { z } from "zod";
import { changeShape } from "../changes/shapes.ts";
import {
  actorShape,
  idOrTime,
  pageOf,
  pageQuery,
  revisionParameter,
  timeParameter,
  timeShape,
} from "../http/common-shapes.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { exportAudit } from "./export-audit.ts";
import { listAudit } from "./list-audit.ts";

const tag = "Audit";

const auditRowShape = z
  .object({
    id: z.int(),
    at: timeShape,
    actor: actorShape,
    authentication: z.string(),
    action: z.string(),
    revision: z.int().nullable(),
    count: z.int().meta({ description: "How many refusals the row stands for; else 1" }),
    requestId: z.string().nullable(),
    address: z.string().nullable(),
    userAgent: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
    changes: z.array(changeShape).optional().meta({ description: "The first 20, redacted" }),
    changesTotal: z.int().optional(),
  })
  .meta({ id: "AuditRow" });

const filters = {
  actor: z.string().max(100).optional(),
  action: z.string().max(100).optional().meta({ example: "refused" }),
  revision: revisionParameter.optional(),
  after: idOrTime.optional().meta({
    description: "Only what is later than a row's id or an RFC 3339 time, oldest first",
    example: "41",
  }),
  before: timeParameter.optional(),
};

const rowExample = {
  id: 77,
  at: "2026-01-31T12:00:00.123456Z",
  actor: { type: "key", id: "bootstrap-admin" },
  authentication: "bootstrap-key",
  action: "change",
  revision: 42,
  count: 1,
  requestId: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11",
  address: "192.0.2.7",
  userAgent: "curl/8.5.0",
  detail: { message: "raise the pool" },
  changes: [
    {
      op: "put",
      kind: "config",
      app: "payments",
      environment: "production",
      key: "db.pool.size",
      version: 4,
      before: 10,
      after: 20,
    },
  ],
  changesTotal: 1,
};

export const auditRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/audit",
      operationId: "listAudit",
      policy: "audit.read",
      tag,
      summary: "Who did what, newest first; with `after`, oldest first",
      description:
        "Refusals of one actor on one route within a minute are one row, with their count.",
      query: z.strictObject({ ...filters, ...pageQuery }),
      responses: {
        200: {
          description: "Rows",
          schema: pageOf(auditRowShape),
          example: { items: [rowExample] },
        },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listAudit(ctx, query) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/audit/export",
      operationId: "exportAudit",
      policy: "audit.read",
      tag,
      summary: "The audit log as newline-delimited JSON, oldest first",
      description:
        "A row a line, as in the list. An export that breaks off can go on `after` its last id.",
      query: z.strictObject(filters),
      responses: {
        200: { description: "A row a line", schema: auditRowShape, type: "application/x-ndjson" },
      },
      errors: [],
    },
    async (ctx, { query }) => ({
      stream: { type: "application/x-ndjson", content: exportAudit(ctx, query) },
    }),
  ),
];
