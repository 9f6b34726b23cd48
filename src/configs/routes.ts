import { z } from "zod";
import { messageShape } from "../changes/shapes.ts";
import {
  answerScope,
  answerValue,
  booleanParameter,
  freshness,
  jsonValue,
  keyShape,
  pointInTime,
  queryScope,
} from "../http/common-shapes.ts";
import { replyToRead, writeConditions } from "../http/conditional.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { hotReadConfig, hotReadDocument } from "./hot-read.ts";
import { putConfig } from "./put-config.ts";
import { readConfig } from "./read-config.ts";
import { readDocument } from "./read-document.ts";

const tag = "Reads";

const scopeShape = z.object(answerScope);

const explainedLayerShape = z
  .object({
    scope: scopeShape,
    value: answerValue,
    version: z.int(),
    revision: z.int(),
    merge: z.enum(["replace", "deep"]),
    won: z.boolean(),
    contributes: z.boolean(),
  })
  .meta({ id: "ExplainedLayer" });

const configValueShape = z
  .object({
    key: z.string(),
    value: answerValue,
    type: z.enum(["string", "number", "boolean", "json"]),
    version: z.int(),
    revision: z.int().meta({ description: "The newest revision that changed the value" }),
    scope: scopeShape,
    layers: z.array(explainedLayerShape).optional(),
  })
  .meta({ id: "ConfigValue" });

const documentShape = z
  .object({
    ...answerScope,
    revision: z.int().meta({ description: "The newest revision that changed one of the layers" }),
    values: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "ConfigDocument" });

const unchanged = { description: "The client holds the current representation" };

const valueExample = {
  key: "db.pool.size",
  value: 20,
  type: "number",
  version: 4,
  revision: 42,
  scope: { app: "payments", environment: "production" },
};

export const configRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/config/{key}",
      operationId: "readConfig",
      policy: "entries.read",
      replica: "for the past",
      tag,
      summary: "Read one effective value",
      description:
        "Four layers apply, weakest first: global, environment, app, app and environment. `explain=true` adds what each says.",
      params: z.strictObject({ key: keyShape }),
      query: z.strictObject({
        ...queryScope,
        explain: booleanParameter.optional(),
        at: pointInTime.optional(),
        ...freshness,
      }),
      headers: ["If-None-Match"],
      responses: {
        200: {
          description: "The effective value",
          schema: configValueShape,
          example: valueExample,
          headers: ["ETag", "Config-Revision", "Config-Stale"],
        },
        304: unchanged,
      },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED"],
    },
    async (ctx, { headers, params, query }) =>
      replyToRead(headers, await readConfig(ctx, { ...query, key: params.key })),
    hotReadConfig,
  ),
  defineRoute(
    {
      method: "put",
      path: "/v1/config/{key}",
      operationId: "putConfig",
      policy: "entries.write",
      tag: "Seed routes",
      summary: "Put one value in one scope",
      params: z.strictObject({ key: keyShape }),
      query: z.strictObject(queryScope),
      body: {
        schema: z
          .strictObject({
            value: jsonValue,
            change_log: messageShape.optional(),
            allowLargeChange: z.boolean().optional(),
          })
          .meta({ id: "PutConfig" }),
        example: { value: 20, change_log: "raise the pool" },
      },
      headers: ["If-Match", "If-None-Match"],
      responses: {
        200: {
          description: "The value as stored",
          schema: z
            .object({ key: z.string(), value: answerValue, version: z.int() })
            .meta({ id: "PutConfigResult" }),
          example: { key: "db.pool.size", value: 20, version: 4 },
          headers: ["Config-Revision"],
        },
      },
      errors: ["NOT_FOUND", "CONFLICT", "PRECONDITION_FAILED", "UNPROCESSABLE", "LARGE_CHANGE"],
    },
    async (ctx, { body: { change_log: message, ...put }, headers, params, query }) => {
      const precondition = { of: "effective", ...writeConditions(headers) } as const;
      const input = { ...query, ...params, ...put, message, precondition };
      const { body, revision } = await putConfig(ctx, input);
      return { body, headers: { "config-revision": String(revision) } };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/config",
      operationId: "readDocument",
      policy: "entries.read",
      replica: "for the past",
      tag,
      summary: "Read every effective value of an app in an environment",
      query: z.strictObject({
        ...queryScope,
        prefix: z.string().max(256).optional(),
        at: pointInTime.optional(),
        ...freshness,
      }),
      headers: ["If-None-Match"],
      responses: {
        200: {
          description: "The document",
          schema: documentShape,
          example: {
            app: "payments",
            environment: "production",
            revision: 42,
            values: { "db.pool.size": 20 },
          },
          headers: ["ETag", "Config-Revision", "Config-Stale"],
        },
        304: unchanged,
      },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED"],
    },
    async (ctx, { headers, query }) => replyToRead(headers, await readDocument(ctx, query)),
    hotReadDocument,
  ),
];
