import { z } from "zod";
import { actorShape } from "../http/common-shapes.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { apiKeyRoutes } from "./api-keys/routes.ts";
import { roleRoutes } from "./roles/routes.ts";
import { actionShape, defaultsShape, grantShape, optionalTime } from "./shapes.ts";
import { whoAmI } from "./who-am-i.ts";

const whoamiShape = z
  .object({
    actor: actorShape,
    name: z.string(),
    authentication: z.string(),
    grants: z.array(grantShape),
    defaults: defaultsShape,
    expiresAt: optionalTime,
    actions: z.array(actionShape).meta({ description: "What the key may do somewhere" }),
  })
  .meta({ id: "Whoami" });

export const accessRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/whoami",
      operationId: "whoAmI",
      policy: "any-key",
      tag: "Access",
      summary: "Who sends the request, and what they may do",
      responses: {
        200: {
          description: "The key's owner",
          schema: whoamiShape,
          example: {
            actor: { type: "key", id: "7Hd2kQ9xLmN4pR8s" },
            name: "payments in production",
            authentication: "api-key",
            grants: [
              { role: "viewer", effect: "allow", app: "payments", environment: "production" },
            ],
            defaults: { app: "payments", environment: "production" },
            expiresAt: null,
            actions: ["entries.read"],
          },
        },
      },
      errors: [],
    },
    async (ctx) => ({ body: whoAmI(ctx) }),
  ),
  ...apiKeyRoutes,
  ...roleRoutes,
];
