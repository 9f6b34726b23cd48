import { type Ctx, requireAnyPermission } from "../../context.ts";
import { builtInRoles } from "../../permissions/roles.ts";
import type { Role } from "./role.ts";

/** Built-in roles, then custom ones by name. There are few, so they come as one page. */
export const listRoles = async (ctx: Ctx): Promise<{ readonly items: readonly Role[] }> => {
  requireAnyPermission(ctx, "access.read");
  const rows = await ctx.sql<Omit<Role, "builtIn">[]>`
    select name, description, to_json(actions) as actions from fairlead.roles order by name`;
  return {
    items: [
      ...Object.entries(builtInRoles).map(([name, role]) => ({ name, ...role, builtIn: true })),
      ...rows.map((row) => ({ ...row, builtIn: false })),
    ],
  };
};
