import { type Ctx, requirePermission } from "../../context.ts";
import { type FieldError, Problem } from "../../errors.ts";
import type { Action } from "../../permissions/actions.ts";
import { builtInRoles } from "../../permissions/roles.ts";
import type { Sql, Tx } from "../../platform/sql.ts";

export interface Role {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
  readonly builtIn: boolean;
}

export interface RoleInput {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
}

const builtIn = new Set(Object.keys(builtInRoles));

/**
 * Who may change what a role means: somebody who may change access everywhere, and who holds all that
 * the role gives or takes, since its holders gain or lose it.
 *
 * @throws Problem `FORBIDDEN`
 */
export const requireRolePermission = (ctx: Ctx, actions: readonly Action[]): void => {
  requirePermission(ctx, "access.write");
  const beyond = actions.filter((action) => !ctx.permissions.mayEverywhere(action));
  if (beyond.length === 0) return;
  throw new Problem(
    "FORBIDDEN",
    `actions: you do not hold ${beyond.join(", ")} everywhere yourself`,
  );
};

/**
 * @throws Problem `CONFLICT` for a name that is a built-in role's, `UNPROCESSABLE` for a role that
 *   could write what it cannot read
 */
export const checkRole = ({ actions, name }: RoleInput): void => {
  refuseBuiltIn(name);
  if (actions.includes("entries.write") && !actions.includes("entries.read")) {
    const error: FieldError = {
      path: "actions",
      message: "entries.write needs entries.read: what may not be read cannot be written",
    };
    throw new Problem("UNPROCESSABLE", `${error.path}: ${error.message}`, { errors: [error] });
  }
};

export const refuseBuiltIn = (name: string): void => {
  if (builtIn.has(name)) throw new Problem("CONFLICT", `"${name}" is a built-in role.`);
};

/** @throws Problem `NOT_FOUND` */
export const customRole = async (sql: Sql | Tx, name: string): Promise<Role> => {
  const [row] = await sql<Omit<Role, "builtIn">[]>`
    select name, description, to_json(actions) as actions from fairlead.roles where name = ${name}`;
  if (row === undefined) throw new Problem("NOT_FOUND", `There is no custom role "${name}".`);
  return { ...row, builtIn: false };
};
