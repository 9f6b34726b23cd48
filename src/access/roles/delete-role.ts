import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Tx } from "../../platform/sql.ts";
import { commitAccessChange } from "../commit-access-change.ts";
import { customRole, refuseBuiltIn, requireRolePermission } from "./role.ts";

/** @throws Problem `NOT_FOUND`, `CONFLICT` for a built-in role and for one that a key uses */
export const deleteRole = async (ctx: Ctx, name: string): Promise<void> => {
  requireRolePermission(ctx, []);
  refuseBuiltIn(name);
  await commitAccessChange(ctx, {
    action: "role.delete",
    apply: async ({ tx }) => {
      const { builtIn: _, ...before } = await customRole(tx, name);
      requireRolePermission(ctx, before.actions);
      const user = await someKeyWith(tx, name);
      if (user !== undefined) {
        throw new Problem(
          "CONFLICT",
          `The API key "${user}" uses the role "${name}": revoke it first.`,
        );
      }
      await tx`delete from fairlead.roles where name = ${name}`;
      return { result: {}, detail: { before: { ...before, actions: [...before.actions] } } };
    },
  });
};

const someKeyWith = async (tx: Tx, role: string): Promise<string | undefined> => {
  const [row] = await tx<{ id: string }[]>`
    select k.id from fairlead.api_keys k
    where k.revoked_at is null
      and exists (select from json_array_elements(k.grants) g where g ->> 'role' = ${role})
    order by k.id limit 1`;
  return row?.id;
};
