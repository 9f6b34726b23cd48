import type { Ctx } from "../../context.ts";
import { commitAccessChange } from "../commit-access-change.ts";
import { checkRole, customRole, type Role, type RoleInput, requireRolePermission } from "./role.ts";

/**
 * Changes what a custom role means, for all who hold it.
 *
 * @throws Problem `NOT_FOUND`, `CONFLICT` for a built-in role, `FORBIDDEN`, `UNPROCESSABLE`
 */
export const updateRole = (ctx: Ctx, input: RoleInput): Promise<Role> => {
  requireRolePermission(ctx, input.actions);
  checkRole(input);
  return commitAccessChange<Role>(ctx, {
    action: "role.update",
    apply: async ({ tx }) => {
      const { actions, description, name } = input;
      const before = await customRole(tx, name);
      requireRolePermission(ctx, before.actions);
      await tx`
        update fairlead.roles
        set description = ${description}, actions = string_to_array(${actions.join("/")}, '/')
        where name = ${name}`;
      const { builtIn, ...was } = before;
      const detail = {
        before: { ...was, actions: [...was.actions] },
        after: { ...input, actions: [...actions] },
      };
      return { result: { ...input, builtIn }, detail };
    },
  });
};
