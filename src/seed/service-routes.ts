import { z } from "zod";
import { messageShape } from "../changes/shapes.ts";
import { listEnvironments } from "../environments/list-environments.ts";
import {
  appName,
  bodyScope,
  booleanParameter,
  freshness,
  jsonValue,
  pageQuery,
  queryScope,
  timeShape,
} from "../http/common-shapes.ts";
import { replyToRead } from "../http/conditional.ts";
import { prefersYaml } from "../http/prefers-yaml.ts";
import { defineRoute, type Reply, type Route } from "../http/route.ts";
import { writeYaml } from "../platform/documents/write-yaml.ts";
import type { Json } from "../platform/json.ts";
import { replyWithList } from "./reply-with-list.ts";
import {
  listServiceHistory,
  readService,
  rollBackService,
  type ServiceVersion,
  writeService,
} from "./services.ts";
import { validateConfig } from "./validate-config.ts";

const tag = "Seed routes";
const time = "2026-01-31T12:00:00.123456Z";

const optionalEnvironment = queryScope.environment;
const nullishEnvironment = bodyScope.environment;
const serviceParams = z.strictObject({ service: appName });
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

const writeErrors = [
  "NOT_FOUND",
  "UNPROCESSABLE",
  "LARGE_CHANGE",
  "IDEMPOTENCY_KEY_REUSED",
] as const;

const replyToServiceWrite = (written: { body: ServiceVersion; changed: boolean }): Reply => ({
  status: written.changed ? 201 : 200,
  body: written.body,
  headers: { "config-revision": String(written.body.version) },
});

/** A service is an app, as its own configuration. */
export const serviceRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/config/{service}",
      operationId: "readService",
      policy: "entries.read",
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
          headers: ["ETag", "Config-Revision", "Config-Stale"],
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
        staleMs: read.staleMs,
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
      policy: "entries.write",
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
        200: {
          description: "Nothing to change",
          schema: serviceVersionShape,
          headers: ["Config-Revision"],
        },
        201: {
          description: "Committed",
          schema: serviceVersionShape,
          example: serviceVersionExample,
          headers: ["Config-Revision"],
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
      policy: "entries.read",
      replica: "always",
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
      policy: "entries.write",
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
        200: {
          description: "Nothing to change",
          schema: serviceVersionShape,
          headers: ["Config-Revision"],
        },
        201: {
          description: "Committed",
          schema: serviceVersionShape,
          example: serviceVersionExample,
          headers: ["Config-Revision"],
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
      policy: "any-key",
      tag,
      summary: "The names of all environments, by rank",
      responses: {
        200: {
          description: "Names",
          schema: z.object({ environments: z.array(z.string()) }).meta({ id: "EnvironmentNames" }),
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
      policy: "entries.write",
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
