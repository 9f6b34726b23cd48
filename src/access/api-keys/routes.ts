import { z } from "zod";
import { pageOf, pageQuery, timeParameter } from "../../http/common-shapes.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import type { Grant } from "../../permissions/grant.ts";
import { apiKeyShape, newDefaultsShape, newGrantShape } from "../shapes.ts";
import { createApiKey } from "./create-api-key.ts";
import { getApiKey } from "./get-api-key.ts";
import { listApiKeys } from "./list-api-keys.ts";
import { revokeApiKey } from "./revoke-api-key.ts";

const tag = "Access";
const idParams = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "must be the id of an API key"),
});

const newKeyExample = {
  name: "payments in production",
  grants: [{ role: "viewer", app: "payments", environment: "production", keys: ["db.*"] }],
  defaults: { app: "payments", environment: "production" },
};

const keyExample = {
  id: "7Hd2kQ9xLmN4pR8s",
  name: newKeyExample.name,
  state: "active",
  grants: newKeyExample.grants.map((grant) => ({ effect: "allow", ...grant })),
  defaults: newKeyExample.defaults,
  createdAt: "2026-01-31T12:00:00.123456Z",
  createdBy: "bootstrap-admin",
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  revokedBy: null,
};

const newKeyShape = z
  .strictObject({
    name: z.string().trim().min(1).max(100).meta({ description: "What people call it" }),
    grants: z.array(newGrantShape).min(1, "needs at least one grant").max(1_000),
    defaults: newDefaultsShape.optional(),
    expiresAt: timeParameter.nullish().meta({ description: "Without it the key does not expire" }),
  })
  .meta({ id: "NewApiKey" });

export const apiKeyRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/v1/api-keys",
      operationId: "createApiKey",
      policy: "access.write",
      tag,
      summary: "Make an API key",
      description:
        "The key itself is in this answer and nowhere else. Nobody can grant more than they hold.",
      body: { schema: newKeyShape, example: newKeyExample },
      headers: ["Idempotency-Key"],
      responses: {
        201: {
          description: "The key, told this once",
          schema: apiKeyShape.extend({ key: z.string() }).meta({ id: "CreatedApiKey" }),
          example: { ...keyExample, key: `fl_${keyExample.id}_${"0".repeat(50)}` },
        },
      },
      errors: ["NOT_FOUND", "CONFLICT", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body: { defaults, expiresAt, grants, name } }) => {
      const created = await createApiKey(ctx, {
        name,
        // JSON has no undefined members.
        grants: grants as readonly Grant[],
        defaults: { app: defaults?.app ?? "", environment: defaults?.environment ?? "" },
        expiresAt: expiresAt ?? null,
      });
      return { status: 201, body: created, headers: { "cache-control": "no-store" } };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/api-keys",
      operationId: "listApiKeys",
      policy: "access.read",
      tag,
      summary: "List API keys, newest first",
      query: z.strictObject({
        state: z.enum(["active", "expired", "revoked", "all"]).default("active"),
        ...pageQuery,
      }),
      responses: {
        200: { description: "Keys", schema: pageOf(apiKeyShape), example: { items: [keyExample] } },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listApiKeys(ctx, query) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/api-keys/{id}",
      operationId: "getApiKey",
      policy: "access.read",
      tag,
      summary: "One API key",
      params: idParams,
      responses: { 200: { description: "The key", schema: apiKeyShape, example: keyExample } },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params }) => ({ body: await getApiKey(ctx, params.id) }),
  ),
  defineRoute(
    {
      method: "delete",
      path: "/v1/api-keys/{id}",
      operationId: "revokeApiKey",
      policy: "access.write",
      tag,
      summary: "Revoke an API key",
      description: "Every process that reaches the database obeys within two seconds.",
      params: idParams,
      responses: { 204: { description: "Revoked" } },
      errors: ["NOT_FOUND", "CONFLICT"],
    },
    async (ctx, { params }) => {
      await revokeApiKey(ctx, params.id);
      return { status: 204 };
    },
  ),
];
