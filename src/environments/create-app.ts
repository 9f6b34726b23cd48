import { commitCatalogueChange } from "../changes/commit-catalogue-change.ts";
import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Tx } from "../platform/sql.ts";
import type { App } from "./list-apps.ts";

/**
 * Creates an app without entries; its first entry would create it too.
 *
 * @throws Problem `CONFLICT` where the name is taken
 */
export const createApp = (ctx: Ctx, input: { readonly name: string }): Promise<App> =>
  commitCatalogueChange(ctx, {
    permission: "apps.write",
    resource: { app: input.name },
    action: "app.create",
    detail: { ...input },
    insert: async (tx) => {
      const app = await insertedApp(tx, input.name, ctx.actor.id);
      if (app !== undefined) return app;
      throw new Problem("CONFLICT", `There is an app "${input.name}" already.`);
    },
  });

const insertedApp = async (tx: Tx, name: string, createdBy: string): Promise<App | undefined> => {
  const [row] = await tx<App[]>`
    insert into fairlead.apps (name, created_by)
    values (${name}, ${createdBy})
    on conflict on constraint apps_pk do nothing
    returning name, created_at as "createdAt"`;
  return row;
};
