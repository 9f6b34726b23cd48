import { z } from "zod";
import { messageShape } from "../changes/shapes.ts";
import {
  answerValue,
  appName,
  bodyScope,
  booleanParameter,
  environmentName,
  jsonValue,
  keyShape,
  pageQuery,
  timeShape,
} from "../http/common-shapes.ts";
import { replyToRead, staleHeader, writeConditions } from "../http/conditional.ts";
import { defineRoute, type Reply, type Route } from "../http/route.ts";
import {
  createSeedEntry,
  deleteSeedEntry,
  fetchConfigs,
  getSeedEntry,
  listSeedEntries,
  type TaggedEntry,
  updateSeedEntry,
} from "./entries.ts";
import { replyWithList } from "./reply-with-list.ts";

const tag = "Seed routes";
const time = "2026-01-31T12:00:00.123456Z";

const nullishEnvironment = bodyScope.environment;
const nullishApp = bodyScope.app;
const idParams = z.strictObject({ id: z.string().max(64) });
const allowLargeChange = booleanParameter.optional();

const seedEntryShape = z
  .object({
    id: z.string(),
    app_id: z.string().nullable(),
    environment: z.string().nullable(),
    key: z.string(),
    value: answerValue,
    version: z.int(),
    updated_at: timeShape,
    updated_by: z.string(),
  })
  .meta({ id: "SeedEntry" });

const seedEntryExample = {
  id: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11",
  app_id: "payments",
  environment: "production",
  key: "db.pool.size",
  value: 20,
  version: 4,
  updated_at: time,
  updated_by: "bootstrap-admin",
};

const writeErrors = [
  "NOT_FOUND",
  "UNPROCESSABLE",
  "LARGE_CHANGE",
  "IDEMPOTENCY_KEY_REUSED",
] as const;

const replyWithEntry = ({ body, revision, tag: etag }: TaggedEntry, status: number): Reply => ({
  status,
  body,
  headers: { etag, "config-revision": String(revision) },
});

/** Entries by their ids, and effective values in one fetch. */
export const entryRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/api/v1/configs/fetch",
      operationId: "fetchConfigs",
      policy: "entries.read",
      tag,
      summary: "Fetch the effective values of an app in an environment",
      description:
        "`context` is accepted; nothing depends on it until a rollout does. Keys that do not exist are left out.",
      body: {
        schema: z
          .strictObject({
            app_id: nullishApp,
            environment: nullishEnvironment,
            keys: z.array(keyShape).max(10_000).optional(),
            context: z.record(z.string(), z.unknown()).optional(),
          })
          .meta({ id: "FetchConfigs" }),
        example: { app_id: "payments", environment: "production", keys: ["db.pool.size"] },
      },
      responses: {
        200: {
          description: "The values",
          schema: z
            .object({
              app_id: z.string().nullable(),
              environment: z.string().nullable(),
              version: z.int(),
              configs: z.record(z.string(), z.unknown()),
            })
            .meta({ id: "FetchedConfigs" }),
          example: {
            app_id: "payments",
            environment: "production",
            version: 42,
            configs: { "db.pool.size": 20 },
          },
          headers: ["Config-Revision", "Config-Stale"],
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { body: { app_id: app, environment, keys } }) => {
      const { body, revision, staleMs } = await fetchConfigs(ctx, { app, environment, keys });
      const shown = { "config-revision": String(revision), ...staleHeader(staleMs) };
      return { body, headers: { "cache-control": "no-store", ...shown } };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/configs",
      operationId: "listConfigs",
      policy: "entries.read",
      replica: "always",
      tag,
      summary: "The raw entries of an app, an environment or all",
      query: z.strictObject({
        app_id: appName.optional(),
        environment: environmentName.optional(),
        ...pageQuery,
      }),
      responses: {
        200: {
          description: "Entries",
          schema: z.array(seedEntryShape),
          example: [seedEntryExample],
          headers: ["Link"],
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { query }) => {
      const { app_id: app, ...rest } = query;
      return replyWithList(await listSeedEntries(ctx, { app, ...rest }), query);
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/configs",
      operationId: "createConfig",
      policy: "entries.write",
      tag,
      summary: "Create an entry",
      body: {
        schema: z
          .strictObject({
            app_id: nullishApp,
            environment: nullishEnvironment,
            key: keyShape,
            value: jsonValue,
            change_log: messageShape.optional(),
            allowLargeChange: z.boolean().optional(),
          })
          .meta({ id: "NewSeedEntry" }),
        example: { app_id: "payments", environment: "production", key: "db.pool.size", value: 20 },
      },
      headers: ["Idempotency-Key"],
      responses: {
        201: {
          description: "Created",
          schema: seedEntryShape,
          example: seedEntryExample,
          headers: ["ETag", "Config-Revision"],
        },
      },
      errors: ["CONFLICT", ...writeErrors],
    },
    async (ctx, { body: { app_id: app, change_log: message, ...rest } }) =>
      replyWithEntry(await createSeedEntry(ctx, { app, message, ...rest }), 201),
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/configs/{id}",
      operationId: "getConfig",
      policy: "entries.read",
      tag,
      summary: "One raw entry by its id",
      params: idParams,
      headers: ["If-None-Match"],
      responses: {
        200: {
          description: "The entry",
          schema: seedEntryShape,
          example: seedEntryExample,
          headers: ["ETag", "Config-Revision"],
        },
        304: { description: "The client holds the current representation" },
      },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED"],
    },
    async (ctx, { headers, params }) => replyToRead(headers, await getSeedEntry(ctx, params.id)),
  ),
  defineRoute(
    {
      method: "put",
      path: "/api/v1/configs/{id}",
      operationId: "updateConfig",
      policy: "entries.write",
      tag,
      summary: "Change an entry's value",
      params: idParams,
      body: {
        schema: z
          .strictObject({
            value: jsonValue,
            change_log: messageShape.optional(),
            allowLargeChange: z.boolean().optional(),
          })
          .meta({ id: "UpdateSeedEntry" }),
        example: { value: 20, change_log: "raise the pool" },
      },
      headers: ["If-Match", "If-None-Match"],
      responses: {
        200: {
          description: "The entry",
          schema: seedEntryShape,
          example: seedEntryExample,
          headers: ["ETag", "Config-Revision"],
        },
      },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED", "UNPROCESSABLE", "LARGE_CHANGE"],
    },
    async (ctx, { body: { change_log: message, ...body }, headers, params }) => {
      const conditions = writeConditions(headers);
      const entry = await updateSeedEntry(ctx, { ...params, ...body, ...conditions, message });
      return replyWithEntry(entry, 200);
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/configs/{id}",
      operationId: "deleteConfig",
      policy: "entries.write",
      tag,
      summary: "Delete an entry",
      params: idParams,
      query: z.strictObject({ change_log: messageShape.optional(), allowLargeChange }),
      headers: ["If-Match", "If-None-Match"],
      responses: { 204: { description: "Deleted", headers: ["Config-Revision"] } },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED", "UNPROCESSABLE", "LARGE_CHANGE"],
    },
    async (ctx, { headers, params, query: { change_log: message, ...query } }) => {
      const conditions = writeConditions(headers);
      const revision = await deleteSeedEntry(ctx, { ...params, ...query, ...conditions, message });
      return { status: 204, headers: { "config-revision": String(revision) } };
    },
  ),
];
