import { z } from "zod";
import { pageOf } from "../../http/common-shapes.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { actionShape, roleName, roleShape } from "../shapes.ts";
import { createRole } from "./create-role.ts";
import { deleteRole } from "./delete-role.ts";
import { listRoles } from "./list-roles.ts";
import { updateRole } from "./update-role.ts";

const tag = "Access";

const roleMembers = {
  description: z.string().max(1_000).default(""),
  actions: z
    .array(actionShape)
    .min(1)
    .max(50)
    .refine((actions) => new Set(actions).size === actions.length, "names an action twice"),
};

const roleExample = {
  name: "releaser",
  description: "Changes entries and operates rollouts.",
  actions: ["entries.read", "entries.write", "rollouts.operate"],
  builtIn: false,
};

const { builtIn: _, ...newRoleExample } = roleExample;
const { name: __, ...roleChangeExample } = newRoleExample;

const response = { description: "The role", schema: roleShape, example: roleExample };

export const roleRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/roles",
      operationId: "listRoles",
      policy: "access.read",
      tag,
      summary: "The built-in roles and the custom ones",
      responses: {
        200: { description: "Roles", schema: pageOf(roleShape), example: { items: [roleExample] } },
      },
      errors: [],
    },
    async (ctx) => ({ body: await listRoles(ctx) }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/roles",
      operationId: "createRole",
      policy: "access.write",
      tag,
      summary: "Create a custom role",
      body: {
        schema: z.strictObject({ name: roleName, ...roleMembers }).meta({ id: "NewRole" }),
        example: newRoleExample,
      },
      headers: ["Idempotency-Key"],
      responses: { 201: response },
      errors: ["CONFLICT", "UNPROCESSABLE", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body }) => ({ status: 201, body: await createRole(ctx, body) }),
  ),
  defineRoute(
    {
      method: "put",
      path: "/v1/roles/{name}",
      operationId: "updateRole",
      policy: "access.write",
      tag,
      summary: "Change what a custom role means",
      params: z.strictObject({ name: roleName }),
      body: {
        schema: z.strictObject(roleMembers).meta({ id: "RoleChange" }),
        example: roleChangeExample,
      },
      responses: { 200: response },
      errors: ["NOT_FOUND", "CONFLICT", "UNPROCESSABLE"],
    },
    async (ctx, { body, params }) => ({ body: await updateRole(ctx, { ...params, ...body }) }),
  ),
  defineRoute(
    {
      method: "delete",
      path: "/v1/roles/{name}",
      operationId: "deleteRole",
      policy: "access.write",
      tag,
      summary: "Delete a custom role that no key uses",
      params: z.strictObject({ name: roleName }),
      responses: { 204: { description: "Deleted" } },
      errors: ["NOT_FOUND", "CONFLICT"],
    },
    async (ctx, { params }) => {
      await deleteRole(ctx, params.name);
      return { status: 204 };
    },
  ),
];
