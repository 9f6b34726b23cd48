import type { Tx } from "../../platform/sql.ts";
import type { Envelope } from "../signing/dsse.ts";
import type { RenderedSpec } from "./render-batch.ts";

/** PostgreSQL takes 7,999 bytes. */
const maxNotificationLength = 7_900;

/**
 * Locks the leases of specs of which something changes, in the order in which everybody does; answers
 * which runtimes hold them.
 */
export const lockLeases = async (
  tx: Tx,
  specs: readonly RenderedSpec[],
): Promise<readonly string[]> => {
  if (specs.length === 0) return [];
  const ids = JSON.stringify(specs.map(({ stored }) => stored?.id));
  const rows = await tx<{ runtime: string | null }[]>`
    select runtime from fairlead.job_spec_leases
    where job_spec_id in (select id::uuid from json_array_elements_text(${ids}::text::json) as n(id))
    order by job_spec_id
    for update`;
  return [...new Set(rows.flatMap(({ runtime }) => runtime ?? []))];
};

/** What is signed holds the spec in Base64, and the spec is sent beside it. */
const sizeOf = ({ payload }: Envelope): number => Math.ceil((payload.length * 7) / 4);

/** Of specs that are gone. */
export const deleteLeases = async (tx: Tx, specs: readonly RenderedSpec[]): Promise<void> => {
  if (specs.length === 0) return;
  const ids = JSON.stringify(specs.map(({ stored }) => stored?.id));
  await tx`
    delete from fairlead.job_spec_leases
    where job_spec_id in (select id::uuid from json_array_elements_text(${ids}::text::json) as n(id))`;
};

/** A new version is to be run now; one that waits for its run already keeps its place. */
export const writeLeases = async (tx: Tx, specs: readonly RenderedSpec[]): Promise<void> => {
  const records = specs.flatMap(({ change, intervalSeconds, labels }) =>
    change.to === "version"
      ? [
          {
            id: change.id,
            version: change.version,
            labels,
            intervalSeconds,
            sizeBytes: sizeOf(change.envelope),
          },
        ]
      : [],
  );
  if (records.length === 0) return;
  await tx`
    insert into fairlead.job_spec_leases as l
      (job_spec_id, version, labels, interval_seconds, size_bytes, due_at)
    select id, version, labels, "intervalSeconds", "sizeBytes", statement_timestamp()
    from json_to_recordset(${JSON.stringify(records)}::text::json)
      as r(
        id uuid, version bigint, labels jsonb, "intervalSeconds" integer, "sizeBytes" integer
      )
    order by id
    on conflict on constraint job_spec_leases_pk do update set
      version = excluded.version, labels = excluded.labels,
      interval_seconds = excluded.interval_seconds, size_bytes = excluded.size_bytes,
      due_at = least(l.due_at, excluded.due_at)`;
};

/** Other labels or another interval for the same version: what waits for its next run waits accordingly. */
export const relabelLeases = async (tx: Tx, specs: readonly RenderedSpec[]): Promise<void> => {
  if (specs.length === 0) return;
  const records = specs.map(({ intervalSeconds, labels, stored }) => ({
    id: stored?.id,
    labels,
    intervalSeconds,
  }));
  await tx`
    update fairlead.job_spec_leases l
    set labels = r.labels, interval_seconds = r."intervalSeconds",
      due_at = case
        when l.due_at <= statement_timestamp() or l.interval_seconds = r."intervalSeconds"
          then l.due_at
        when r."intervalSeconds" is null then null
        else coalesce(
          l.due_at - make_interval(secs => l.interval_seconds), statement_timestamp()
        ) + make_interval(secs => r."intervalSeconds")
      end
    from json_to_recordset(${JSON.stringify(records)}::text::json)
      as r(id uuid, labels jsonb, "intervalSeconds" integer)
    where l.job_spec_id = r.id`;
};

/** Tells runtimes that what they hold has changed; without names where there are too many. */
export const tellHolders = async (tx: Tx, runtimes: readonly string[]): Promise<void> => {
  if (runtimes.length === 0) return;
  const names = JSON.stringify(runtimes);
  const told = names.length <= maxNotificationLength ? names : "";
  await tx`select pg_notify('fairlead_job_specs', ${told})`;
};
