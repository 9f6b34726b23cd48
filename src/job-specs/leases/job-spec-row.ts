import type { Json } from "../../platform/json.ts";
import type { Sql } from "../../platform/sql.ts";

/**
 * `done`: nothing is to be run now. `failed`: it could not be rendered; what is the case with its last
 * version, the list tells who asks for one of the others.
 */
export const jobSpecStates = ["free", "leased", "done", "failed"] as const;

export interface JobSpec {
  readonly id: string;
  readonly attestation: string;
  /** 0: it never could be rendered. */
  readonly version: number;
  readonly state: (typeof jobSpecStates)[number];
  readonly hash: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly intervalSeconds: number | null;
  readonly runtime: string | null;
  readonly leaseExpiresAt: string | null;
  readonly fence: number;
  readonly dueAt: string | null;
  readonly runCount: number;
  readonly changedAt: string | null;
  readonly changedRevision: number | null;
  readonly renderedRevision: number;
  readonly error: { readonly path: string; readonly message: string; readonly at: string } | null;
}

export interface JobSpecDetails extends JobSpec {
  readonly spec: Json;
  readonly envelope: Json;
}

interface ErrorColumns {
  readonly errorMessage: string | null;
  readonly errorPath: string;
  readonly errorAt: string;
}

export type JobSpecRow<Shown> = Omit<Shown, "error"> & ErrorColumns;

/** All that is said of a spec but its content; it goes with `jobSpecTables`. */
export const jobSpecColumns = (sql: Sql) => sql`
  s.id, s.attestation, s.version, ${jobSpecState(sql)} as state, s.hash,
  coalesce(l.labels, '{}') as labels, l.interval_seconds as "intervalSeconds",
  case when ${isLeased(sql)} then l.runtime end as runtime,
  case when ${isLeased(sql)} then l.lease_expires_at end as "leaseExpiresAt",
  coalesce(l.fence, 0)::bigint as fence, l.due_at as "dueAt",
  coalesce(l.run_count, 0)::bigint as "runCount",
  s.changed_at as "changedAt", s.changed_revision as "changedRevision",
  s.rendered_revision as "renderedRevision",
  s.error as "errorMessage", s.error_path as "errorPath", s.error_at as "errorAt"`;

export const jobSpecTables = (sql: Sql) => sql`
  fairlead.job_specs s
  left join lateral (
    select * from fairlead.job_spec_leases where job_spec_id = s.id limit 1
  ) l on true`;

/** A lease that has expired is none, whether or not somebody else has taken the spec. */
export const isLeased = (sql: Sql) =>
  sql`coalesce(l.lease_expires_at > statement_timestamp(), false)`;

const jobSpecState = (sql: Sql) => sql`
  case when s.error is not null then 'failed' else ${leaseState(sql)} end`;

const leaseState = (sql: Sql) => sql`
  case
    when ${isLeased(sql)} then 'leased'
    when l.due_at <= statement_timestamp() then 'free'
    when l.version is not null then 'done'
  end`;

/** What cannot be rendered any more may still be leased: it is in two states. */
export const isInState = (sql: Sql, state: JobSpec["state"]) =>
  state === "failed" ? sql`s.error is not null` : sql`${leaseState(sql)} = ${state}`;

export const toJobSpec = <Shown extends JobSpec>({
  errorAt,
  errorMessage,
  errorPath,
  ...row
}: JobSpecRow<Shown>): Shown => {
  const error =
    errorMessage === null ? null : { path: errorPath, message: errorMessage, at: errorAt };
  return { ...row, error } as unknown as Shown;
};
