import { commitCatalogueChange } from "../changes/commit-catalogue-change.ts";
import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Tx } from "../platform/sql.ts";
import type { Environment } from "./list-environments.ts";

export interface CreateEnvironmentInput {
  readonly name: string;
  readonly rank: number;
  readonly protected: boolean;
}

/**
 * Creates an environment.
 *
 * @throws Problem `CONFLICT` where the name is taken
 */
export const createEnvironment = (ctx: Ctx, input: CreateEnvironmentInput): Promise<Environment> =>
  commitCatalogueChange(ctx, {
    permission: "environments.write",
    resource: {},
    action: "environment.create",
    detail: { ...input },
    insert: async (tx) => {
      const environment = await insertedEnvironment(tx, input, ctx.actor.id);
      if (environment !== undefined) return environment;
      throw new Problem("CONFLICT", `There is an environment "${input.name}" already.`);
    },
  });

const insertedEnvironment = async (
  tx: Tx,
  input: CreateEnvironmentInput,
  createdBy: string,
): Promise<Environment | undefined> => {
  const [row] = await tx<Environment[]>`
    insert into fairlead.environments (name, rank, protected, created_by)
    values (${input.name}, ${input.rank}, ${input.protected}, ${createdBy})
    on conflict on constraint environments_pk do nothing
    returning name, rank, protected, created_at as "createdAt"`;
  return row;
};
