import type { Sql } from "../platform/sql.ts";

/** What edges are compared with. */
interface DeploymentState {
  readonly epoch: string;
  readonly revision: number;
  readonly accessVersion: number;
  /** How many layers readers can see. */
  readonly layers: number;
}

export const readDeployment = async (
  sql: Sql,
  kinds: readonly string[],
): Promise<DeploymentState> => {
  const [state] = await sql<DeploymentState[]>`
    select
      d.epoch, d.revision, s.version as "accessVersion",
      (
        select count(*) from fairlead.layers
        where kind in (select json_array_elements_text(${JSON.stringify(kinds)}::text::json))
      )::integer as layers
    from fairlead.deployment d cross join fairlead.access_state s`;
  if (state === undefined) throw new Error("fairlead.deployment has no row");
  return state;
};
