import type { Ctx } from "../../context.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { dueInSeconds, heldLeases, type Lease } from "./leased-spec.ts";
import { isOthersRuntime, lockRuntime, mayActAs, othersRuntime } from "./runtime-row.ts";

interface HeartbeatInput {
  readonly runtime: string;
  readonly leaseSeconds: number;
}

interface Heartbeat {
  readonly leaseExpiresAt: string;
  /** All that the runtime still holds; it drops what is not among them. */
  readonly jobSpecs: readonly Lease[];
}

/**
 * Has all leases of a runtime that have not expired end at one later time. A name that nobody claimed
 * under holds nothing.
 *
 * @throws Problem `FORBIDDEN`, also for a runtime's name that belongs to another key
 */
export const heartbeat = async (ctx: Ctx, input: HeartbeatInput): Promise<Heartbeat> => {
  const filter = attestationKeys(ctx, "job-specs.lease");
  const { runtime } = input;
  // A role may have lost what it had when the lease began.
  const ids =
    filter.permits === "all"
      ? undefined
      : (await heldLeases(ctx.sql, runtime))
          .filter(({ attestation }) => filter.allows(attestation))
          .map(({ id }) => id);
  const query = { ...input, keyId: ctx.actor.id, ids };
  const beat = await prolong(ctx.sql, query);
  if (beat.isAlone) return shown(beat);
  if (await isOthersRuntime(ctx, ctx.sql, runtime)) throw othersRuntime(runtime);
  return inTransaction(ctx.sql, "read write", async (tx) => {
    await lockRuntime(tx, runtime);
    return shown(await prolong(tx, query));
  });
};

const shown = ({ jobSpecs, leaseExpiresAt }: Prolonged): Heartbeat => ({
  leaseExpiresAt,
  jobSpecs,
});

interface ProlongQuery extends HeartbeatInput {
  readonly keyId: string;
  readonly ids: readonly string[] | undefined;
}

interface Prolonged extends Heartbeat {
  /** False: a claim of the runtime came between, or it is not there, or another key's. */
  readonly isAlone: boolean;
}

const prolong = async (sql: Sql | Tx, query: ProlongQuery): Promise<Prolonged> => {
  const rows = await prolongedRows(sql, query);
  const [first] = rows;
  if (first === undefined) throw new Error("a statement that always has a row had none");
  const { end, isAlone } = first;
  const jobSpecs = rows.flatMap((row) => {
    const { end: _, isAlone: __, ...lease } = row;
    return lease.id === null ? [] : [lease];
  });
  return { isAlone, leaseExpiresAt: end, jobSpecs };
};

type ProlongedRow = (Lease | { readonly id: null }) & {
  readonly end: string;
  readonly isAlone: boolean;
};

/** As a claim does, it looks at the runtime's turn, so that it misses nothing that was just claimed. */
const prolongedRows = (sql: Sql | Tx, { ids, keyId, leaseSeconds, runtime }: ProlongQuery) => sql<
  ProlongedRow[]
>`
  with bound as (
    update fairlead.runtimes r
    set key_id = ${keyId}, last_seen_at = statement_timestamp(), turn = r.turn + 1
    where r.id = ${runtime} and ${mayActAs(sql, keyId)}
    returning turn
  ),
  alone as materialized (
    select from bound
    where turn = 1 + (select turn from fairlead.runtimes where id = ${runtime})
  ),
  held as (
    select l.job_spec_id from fairlead.job_spec_leases l
    where exists (select from alone)
      and l.runtime = ${runtime} and l.lease_expires_at > statement_timestamp()
      ${
        ids === undefined
          ? sql``
          : sql`and l.job_spec_id in (
              select id::uuid
              from json_array_elements_text(${JSON.stringify(ids)}::text::json) as n(id)
            )`
      }
    order by l.job_spec_id
    for update
  ),
  prolonged as (
    update fairlead.job_spec_leases l
    set lease_expires_at = statement_timestamp() + make_interval(secs => ${leaseSeconds}::int)
    where l.job_spec_id = any (array(select job_spec_id from held))
    returning l.job_spec_id, l.version, l.fence, l.lease_expires_at, l.due_at,
      ${dueInSeconds(sql)} as due_in_seconds
  )
  select
    exists (select from alone) as "isAlone",
    statement_timestamp() + make_interval(secs => ${leaseSeconds}::int) as end,
    p.job_spec_id as id, p.version, p.fence, p.lease_expires_at as "leaseExpiresAt",
    p.due_at as "dueAt", p.due_in_seconds as "dueInSeconds"
  from (select) nothing
  left join prolonged p on true
  order by p.due_at, p.job_spec_id`;
