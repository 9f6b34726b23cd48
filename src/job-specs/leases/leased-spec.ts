import type { Json } from "../../platform/json.ts";
import type { Sql, Tx } from "../../platform/sql.ts";

/** What a runtime holds: the current version of a spec, and until when. */
export interface Lease {
  readonly id: string;
  readonly version: number;
  readonly fence: number;
  readonly leaseExpiresAt: string;
  /** From when on it is to be run; null: nothing is to be run until its version changes. */
  readonly dueAt: string | null;
  /** The same for clients whose clock is wrong; 0: now. */
  readonly dueInSeconds: number | null;
}

/** Without the content, which may be large. */
export interface HeldLease extends Lease {
  readonly attestation: string;
  /** About what the content takes in an answer. */
  readonly sizeBytes: number;
}

/** Spec and envelope are null where an answer has no room for them: they are asked for one by one. */
export interface LeasedSpec extends Lease {
  readonly attestation: string;
  readonly spec: Json;
  readonly envelope: Json;
}

/** How much content an answer has room for, about; what comes first is in it, however large. */
export const maxContentBytes = 16 * 1_024 * 1_024;

/** How long until a spec is to be run, of a lease `l`. */
export const dueInSeconds = (sql: Sql | Tx) => sql`
  case when l.due_at is not null then
    ceil(greatest(extract(epoch from l.due_at - statement_timestamp()), 0))::int
  end`;

const leaseColumns = (sql: Sql | Tx) => sql`
  l.job_spec_id as id, s.attestation, l.version, l.fence, l.lease_expires_at as "leaseExpiresAt",
  l.due_at as "dueAt", ${dueInSeconds(sql)} as "dueInSeconds"`;

/** What a runtime holds, in the order in which it is to be run. */
export const heldLeases = (sql: Sql | Tx, runtime: string) => sql<HeldLease[]>`
  select ${leaseColumns(sql)}, l.size_bytes as "sizeBytes"
  from fairlead.job_spec_leases l
  cross join lateral (
    select attestation from fairlead.job_specs where id = l.job_spec_id limit 1
  ) s
  where l.runtime = ${runtime} and l.lease_expires_at > statement_timestamp()
  order by l.due_at, l.job_spec_id`;

/** One of what a runtime holds. */
export const heldSpec = async (
  sql: Sql,
  runtime: string,
  id: string,
): Promise<LeasedSpec | undefined> => {
  const [row] = await sql<LeasedSpec[]>`
    select ${leaseColumns(sql)}, s.spec, s.envelope
    from fairlead.job_spec_leases l
    cross join lateral (
      select attestation, spec, envelope from fairlead.job_specs where id = l.job_spec_id limit 1
    ) s
    where l.job_spec_id = ${id} and l.runtime = ${runtime}
      and l.lease_expires_at > statement_timestamp()`;
  return row;
};
