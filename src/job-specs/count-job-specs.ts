import type { Sql } from "../platform/sql.ts";

/** How many job specs there are, by who has them and whether they are to be run. */
export interface JobSpecCounts {
  readonly free: number;
  readonly leased: number;
  /** Nobody has them, and they are not to be run now. */
  readonly done: number;
  /** They could not be rendered when that was tried last, whatever their state. */
  readonly failed: number;
  /** For how long the one that waits longest has been free, in seconds. */
  readonly waitSeconds: number;
}

export const countJobSpecs = async (sql: Sql): Promise<JobSpecCounts> => {
  const [counts] = await sql<JobSpecCounts[]>`
    select
      count(*) filter (where leased) as leased,
      count(*) filter (where not leased and due) as free,
      count(*) filter (where not leased and not due) as done,
      (select count(*) from fairlead.job_specs where error is not null) as failed,
      coalesce(max(extract(epoch from statement_timestamp() - due_at)) filter (
        where not leased and due
      ), 0)::float8 as "waitSeconds"
    from (
      select
        due_at, coalesce(due_at <= statement_timestamp(), false) as due,
        coalesce(lease_expires_at > statement_timestamp(), false) as leased
      from fairlead.job_spec_leases
    ) l`;
  if (counts === undefined) throw new Error("a count had no row");
  return counts;
};
