import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Tx } from "../../platform/sql.ts";
import { commitAccessChange } from "../commit-access-change.ts";
import { checkRole, type Role, type RoleInput, requireRolePermission } from "./role.ts";

const maxRoles = 200;

/** @throws Problem `CONFLICT` where the name is taken, `FORBIDDEN`, `UNPROCESSABLE` */
export const createRole = (ctx: Ctx, input: RoleInput): Promise<Role> => {
  requireRolePermission(ctx, input.actions);
  checkRole(input);
  return commitAccessChange<Role>(ctx, {
    action: "role.create",
    apply: async ({ now, tx }) => {
      if ((await countRoles(tx)) >= maxRoles) {
        throw new Problem("CONFLICT", `There are ${maxRoles} custom roles already.`);
      }
      await insertRole(tx, input, now, ctx.actor.id);
      const result = { ...input, builtIn: false };
      return { result, detail: { after: { ...input, actions: [...input.actions] } } };
    },
  });
};

const countRoles = async (tx: Tx): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*)::int as count from fairlead.roles`;
  return row?.count ?? 0;
};

const insertRole = async (
  tx: Tx,
  { actions, description, name }: RoleInput,
  now: string,
  createdBy: string,
): Promise<void> => {
  const inserted = await tx`
    insert into fairlead.roles (name, description, actions, created_at, created_by)
    values (
      ${name}, ${description}, string_to_array(${actions.join("/")}, '/'), ${now}::timestamptz,
      ${createdBy}
    )
    on conflict on constraint roles_pk do nothing
    returning name`;
  if (inserted.length === 0) throw new Problem("CONFLICT", `There is a role "${name}" already.`);
};
