import { z } from "zod";
import { appName, environmentName, pageOf, pageQuery, timeShape } from "../http/common-shapes.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { createApp } from "./create-app.ts";
import { createEnvironment } from "./create-environment.ts";
import { listApps } from "./list-apps.ts";
import { listEnvironments } from "./list-environments.ts";

const tag = "Environments and apps";

const environmentShape = z
  .object({ name: z.string(), rank: z.int(), protected: z.boolean(), createdAt: timeShape })
  .meta({ id: "Environment" });

const appShape = z.object({ name: z.string(), createdAt: timeShape }).meta({ id: "App" });

const environmentExample = {
  name: "qa",
  rank: 15,
  protected: false,
  createdAt: "2026-01-31T12:00:00.123456Z",
};

export const environmentRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/environments",
      operationId: "listEnvironments",
      policy: "any-key",
      tag,
      summary: "List environments by rank",
      query: z.strictObject(pageQuery),
      responses: {
        200: {
          description: "Environments",
          schema: pageOf(environmentShape),
          example: { items: [environmentExample] },
        },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listEnvironments(ctx, query) }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/environments",
      operationId: "createEnvironment",
      policy: "environments.write",
      tag,
      summary: "Create an environment",
      body: {
        schema: z
          .strictObject({
            name: environmentName,
            rank: z.int().min(0).max(1_000_000).default(100),
            protected: z.boolean().default(false),
          })
          .meta({ id: "NewEnvironment" }),
        example: { name: "qa", rank: 15, protected: false },
      },
      headers: ["Idempotency-Key"],
      responses: {
        201: { description: "Created", schema: environmentShape, example: environmentExample },
      },
      errors: ["CONFLICT", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body }) => ({ status: 201, body: await createEnvironment(ctx, body) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/apps",
      operationId: "listApps",
      policy: "any-key",
      tag,
      summary: "List apps by name",
      query: z.strictObject(pageQuery),
      responses: {
        200: {
          description: "Apps",
          schema: pageOf(appShape),
          example: { items: [{ name: "payments", createdAt: environmentExample.createdAt }] },
        },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listApps(ctx, query) }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/apps",
      operationId: "createApp",
      policy: "apps.write",
      tag,
      summary: "Create an app",
      description: "An app comes into being with its first entry too.",
      body: {
        schema: z.strictObject({ name: appName }).meta({ id: "NewApp" }),
        example: { name: "payments" },
      },
      headers: ["Idempotency-Key"],
      responses: {
        201: {
          description: "Created",
          schema: appShape,
          example: { name: "payments", createdAt: environmentExample.createdAt },
        },
      },
      errors: ["CONFLICT", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body }) => ({ status: 201, body: await createApp(ctx, body) }),
  ),
];
