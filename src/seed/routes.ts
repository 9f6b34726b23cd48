import { z } from "zod";
import { listEnvironments } from "../environments/list-environments.ts";
import {
  appName,
  booleanParameter,
  environmentName,
  freshness,
  jsonValue,
  keyShape,
  pageQuery,
  timeShape,
} from "../http/common-shapes.ts";
import { messageShape } from "../changes/shapes.ts";
import { replyToRead, tagCondition } from "../http/conditional.ts";
import { prefersYaml } from "../http/prefers-yaml.ts";
import { defineRoute, type Reply, type Route } from "../http/route.ts";
import { writeYaml } from "../platform/documents/write-yaml.ts";
import type { Json } from "../platform/json.ts";
import {
  createSeedEntry,
  deleteSeedEntry,
  fetchConfigs,
  getSeedEntry,
  listSeedEntries,
  type TaggedEntry,
  updateSeedEntry,
} from "./entries.ts";
import {
  listServiceHistory,
  readService,
  rollBackService,
  writeService,
} from "./services.ts";
import { validateConfig } from "./validate-config.ts";

const tag = "Seed routes";
const time = "2026-01-31T12:00:00.123456Z";

const optionalEnvironment = environmentName.optional().transform((name) => name ?? "");
const nullishEnvironment = environmentName.nullish().transform((name) => name ?? "");
const nullishApp = appName.nullish().transform((name) => name ?? "");
const serviceParams = z.strictObject({ service: appName });
const idParams = z.strictObject({ id: z.string().max(64) });
const allowLargeChange = booleanParameter.optional();

const serviceVersionShape = z
  .object({
    service: z.string(),
    environment: z.string().nullable(),
    version: z.int().meta({ description: "The revision" }),
    warnings: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "ServiceVersion" });

const serviceVersionExample = { service: "payments", environment: "production", version: 42 };

const serviceConfigShape = z
  .object({
    service: z.string(),
    environment: z.string().nullable(),
    version: z.int(),
    config: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "ServiceConfig" });

const seedEntryShape = z
  .object({
    id: z.string(),
    app_id: z.string().nullable(),
    environment: z.string().nullable(),
    key: z.string(),
    value: z.unknown(),
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

const writeErrors = ["NOT_FOUND", "UNPROCESSABLE", "LARGE_CHANGE", "IDEMPOTENCY_KEY_REUSED"] as const;

const replyToServiceWrite = ({ body, changed }: { body: unknown; changed: boolean }): Reply => ({
  status: changed ? 201 : 200,
  body,
});

const replyWithEntry = ({ body, tag: etag }: TaggedEntry, status: number): Reply => ({
  status,
  body,
  headers: { etag },
});

/** Lists here are bare, so the next page is told by a header. */
const replyWithList = (
  { items, nextCursor }: { readonly items: readonly unknown[]; readonly nextCursor?: string },
  query: Readonly<Record<string, unknown>>,
): Reply => {
  if (nextCursor === undefined) return { body: items };
  const parameters = Object.entries({ ...query, cursor: nextCursor }).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  const next = new URLSearchParams(
    Object.fromEntries(parameters.map(([name, value]) => [name, String(value)])),
  );
  return { body: items, headers: { link: `<?${next}>; rel="next"` } };
};

const serviceRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/config/{service}",
      operationId: "readService",
      tag,
      summary: "Read a service's effective configuration",
      description: "JSON, or YAML where `Accept` prefers `application/yaml`.",
      params: serviceParams,
      query: z.strictObject({ environment: optionalEnvironment, ...freshness }),
      headers: ["If-None-Match"],
      responses: {
        200: {
          description: "The configuration",
          schema: serviceConfigShape,
          example: { ...serviceVersionExample, config: { "db.pool.size": 20 } },
          headers: ["ETag", "Config-Revision"],
          yaml: true,
        },
        304: { description: "The client holds the current representation" },
      },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED"],
    },
    async (ctx, { headers, params, query }) => {
      const read = await readService(ctx, { ...params, ...query });
      if (!prefersYaml(headers)) return replyToRead(headers, read);
      const content = writeYaml(read.body as unknown as Json);
      return replyToRead(headers, {
        revision: read.revision,
        // Another representation has another tag.
        tag: read.tag.replace(/"$/, '-yaml"'),
        text: { type: "application/yaml", content },
      });
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/config/{service}",
      operationId: "writeService",
      tag,
      summary: "Merge a map of keys into a service's layer, or replace the layer",
      description:
        "Nested maps become dotted keys. A key given twice, dotted and nested, must have one value; then the answer warns.",
      params: serviceParams,
      query: z.strictObject({
        environment: optionalEnvironment,
        replace: booleanParameter.default(false),
        change_log: messageShape.optional(),
        allowLargeChange,
      }),
      body: {
        schema: z
          .record(z.string(), z.unknown())
          .transform((map) => map as Json)
          .meta({ id: "ServiceKeys" }),
        types: ["json", "yaml"],
        example: { db: { pool: { size: 20 } }, "feature.audit": true },
      },
      headers: ["Idempotency-Key"],
      responses: {
        200: { description: "Nothing to change", schema: serviceVersionShape },
        201: {
          description: "Committed",
          schema: serviceVersionShape,
          example: serviceVersionExample,
        },
      },
      errors: writeErrors,
    },
    async (ctx, { body, params, query: { change_log: message, ...query } }) =>
      replyToServiceWrite(await writeService(ctx, { ...params, ...query, message, config: body })),
  ),
  defineRoute(
    {
      method: "get",
      path: "/config/{service}/history",
      operationId: "listServiceHistory",
      tag,
      summary: "The revisions that changed a service's layer, newest first",
      params: serviceParams,
      query: z.strictObject({ environment: optionalEnvironment, ...pageQuery }),
      responses: {
        200: {
          description: "Revisions",
          schema: z.array(
            z
              .object({
                version: z.int(),
                updated_at: timeShape,
                updated_by: z.string(),
                change_log: z.string(),
              })
              .meta({ id: "ServiceHistoryItem" }),
          ),
          example: [
            {
              version: 42,
              updated_at: time,
              updated_by: "bootstrap-admin",
              change_log: "raise the pool",
            },
          ],
          headers: ["Link"],
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params, query }) =>
      replyWithList(await listServiceHistory(ctx, { ...params, ...query }), query),
  ),
  defineRoute(
    {
      method: "post",
      path: "/config/{service}/rollback",
      operationId: "rollBackService",
      tag,
      summary: "Bring a service's layer back to a revision",
      params: serviceParams,
      body: {
        schema: z
          .strictObject({
            environment: nullishEnvironment,
            version: z.int().min(0),
            allowLargeChange: z.boolean().optional(),
          })
          .meta({ id: "ServiceRollback" }),
        example: { environment: "production", version: 40 },
      },
      headers: ["Idempotency-Key"],
      responses: {
        200: { description: "Nothing to change", schema: serviceVersionShape },
        201: {
          description: "Committed",
          schema: serviceVersionShape,
          example: serviceVersionExample,
        },
      },
      errors: writeErrors,
    },
    async (ctx, { body, params }) =>
      replyToServiceWrite(await rollBackService(ctx, { ...params, ...body })),
  ),
  defineRoute(
    {
      method: "get",
      path: "/environments",
      operationId: "listEnvironmentNames",
      tag,
      summary: "The names of all environments, by rank",
      responses: {
        200: {
          description: "Names",
          schema: z
            .object({ environments: z.array(z.string()) })
            .meta({ id: "EnvironmentNames" }),
          example: { environments: ["development", "staging", "production"] },
        },
      },
      errors: [],
    },
    async (ctx) => {
      const { items } = await listEnvironments(ctx, { limit: 10_000 });
      return { body: { environments: items.map(({ name }) => name) } };
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/validate",
      operationId: "validateConfig",
      tag,
      summary: "Say whether a configuration would be accepted",
      description: "`schema`, if given, is a JSON Schema for the whole of `config`.",
      body: {
        schema: z
          .strictObject({
            service: appName,
            environment: nullishEnvironment,
            config: z.record(z.string(), z.unknown()).transform((map) => map as Json),
            schema: jsonValue.optional(),
          })
          .meta({ id: "ValidateConfig" }),
        types: ["json", "yaml"],
        example: {
          service: "payments",
          environment: "production",
          config: { db: { pool: { size: 20 } } },
        },
      },
      responses: {
        200: {
          description: "The verdict",
          schema: z
            .object({
              valid: z.boolean(),
              errors: z.array(z.object({ path: z.string(), message: z.string() })),
            })
            .meta({ id: "Validation" }),
          example: { valid: true, errors: [] },
        },
      },
      errors: [],
    },
    async (ctx, { body }) => ({
      body: await validateConfig(ctx, body),
      headers: { "cache-control": "no-store" },
    }),
  ),
];

const entryRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/api/v1/configs/fetch",
      operationId: "fetchConfigs",
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
          headers: ["Config-Revision"],
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { body: { app_id: app, environment, keys } }) => {
      const { body, revision } = await fetchConfigs(ctx, { app, environment, keys });
      const headers = { "cache-control": "no-store", "config-revision": String(revision) };
      return { body, headers };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/configs",
      operationId: "listConfigs",
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
      errors: [],
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
          headers: ["ETag"],
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
      errors: ["NOT_FOUND"],
    },
    async (ctx, { headers, params }) => replyToRead(headers, await getSeedEntry(ctx, params.id)),
  ),
  defineRoute(
    {
      method: "put",
      path: "/api/v1/configs/{id}",
      operationId: "updateConfig",
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
      headers: ["If-Match"],
      responses: {
        200: {
          description: "The entry",
          schema: seedEntryShape,
          example: seedEntryExample,
          headers: ["ETag"],
        },
      },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED", "UNPROCESSABLE", "LARGE_CHANGE"],
    },
    async (ctx, { body: { change_log: message, ...body }, headers, params }) => {
      const ifMatch = tagCondition(headers, "if-match");
      return replyWithEntry(
        await updateSeedEntry(ctx, { ...params, ...body, message, ifMatch }),
        200,
      );
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/configs/{id}",
      operationId: "deleteConfig",
      tag,
      summary: "Delete an entry",
      params: idParams,
      query: z.strictObject({ change_log: messageShape.optional(), allowLargeChange }),
      headers: ["If-Match"],
      responses: { 204: { description: "Deleted" } },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED", "UNPROCESSABLE", "LARGE_CHANGE"],
    },
    async (ctx, { headers, params, query: { change_log: message, ...query } }) => {
      const ifMatch = tagCondition(headers, "if-match");
      await deleteSeedEntry(ctx, { ...params, ...query, message, ifMatch });
      return { status: 204 };
    },
  ),
];

/** The API as the founding documents spell it: the same verbs, each route with its own shape. */
export const seedRoutes: readonly Route[] = [...serviceRoutes, ...entryRoutes];
