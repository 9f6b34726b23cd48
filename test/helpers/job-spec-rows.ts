import { randomUUID } from "node:crypto";
import type { Json } from "../../src/platform/json.ts";
import type { Sql } from "../../src/platform/sql.ts";

interface NewJobSpec {
  readonly attestation: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly intervalSeconds?: number;
  /** For how long it has waited. */
  readonly dueForSeconds?: number;
  readonly spec?: Json;
}

const hash = "0".repeat(64);

const envelope = { payloadType: "none", payload: "", signatures: [] };

/** Puts job specs into the database as rendering leaves them, and tells their ids. */
export const addJobSpecs = async (sql: Sql, specs: readonly NewJobSpec[]): Promise<string[]> => {
  const rows = specs.map((spec) => ({
    id: randomUUID(),
    attestation: spec.attestation,
    labels: spec.labels ?? {},
    interval: spec.intervalSeconds ?? null,
    due: spec.dueForSeconds ?? 0,
    spec: spec.spec ?? { is: "version 1" },
  }));
  await sql`
    with given as (
      select * from json_to_recordset(${JSON.stringify(rows)}::text::json)
        as g(id uuid, attestation text, labels jsonb, interval integer, due float8, spec json)
    ),
    rendered as (
      insert into fairlead.job_specs
        (id, attestation, version, hash, spec, envelope, changed_at, changed_revision,
         rendered_epoch, rendered_revision)
      select
        id, attestation, 1, ${hash}, spec, ${JSON.stringify(envelope)}::text::json,
        clock_timestamp(), 1, 'epoch', 1
      from given
    )
    insert into fairlead.job_spec_leases
      (job_spec_id, version, labels, interval_seconds, size_bytes, due_at)
    select
      id, 1, labels, interval, octet_length(spec::text),
      statement_timestamp() - make_interval(secs => due)
    from given`;
  return rows.map(({ id }) => id);
};

/** What rendering does to a spec that a change has touched. */
export const renderAnew = async (sql: Sql, id: string): Promise<number> => {
  const [row] = await sql<{ version: number }[]>`
    with rendered as (
      update fairlead.job_specs
      set version = version + 1, changed_at = clock_timestamp(),
        spec = json_build_object('is', 'version ' || version + 1)
      where id = ${id}
      returning version
    )
    update fairlead.job_spec_leases l
    set version = rendered.version, due_at = statement_timestamp()
    from rendered where l.job_spec_id = ${id}
    returning l.version`;
  return row?.version ?? 0;
};

/** The lease ends now. */
export const expireLease = async (sql: Sql, id: string): Promise<void> => {
  await sql`
    update fairlead.job_spec_leases set lease_expires_at = statement_timestamp()
    where job_spec_id = ${id} and runtime is not null`;
};

/** Its time has come. */
export const makeDue = async (sql: Sql, id: string): Promise<void> => {
  await sql`
    update fairlead.job_spec_leases set due_at = statement_timestamp()
    where job_spec_id = ${id} and due_at is not null`;
};

/** What rendering does where an attestation is gone. */
export const removeJobSpec = async (sql: Sql, id: string): Promise<void> => {
  await sql`
    with gone as (delete from fairlead.job_specs where id = ${id})
    delete from fairlead.job_spec_leases where job_spec_id = ${id}`;
};
