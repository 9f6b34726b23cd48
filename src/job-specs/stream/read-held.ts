import type { Sql } from "../../platform/sql.ts";
import type { Held, HeldSpec } from "./held.ts";

/** A runtime's name, and the key that wants to know what it holds. */
export interface Holder {
  readonly runtime: string;
  readonly keyId: string;
}

export const holderId = ({ keyId, runtime }: Holder): string => JSON.stringify([runtime, keyId]);

/** What runtimes hold now, by `holderId`; nothing for a key to which the name does not belong. */
export const readHeld = async (
  sql: Sql,
  holders: readonly Holder[],
): Promise<ReadonlyMap<string, Held>> => {
  const found = new Map<string, Map<string, HeldSpec>>();
  for (const { keyId, runtime, ...spec } of await heldRows(sql, holders)) {
    const id = holderId({ keyId, runtime });
    const held = found.get(id) ?? new Map<string, HeldSpec>();
    found.set(id, held.set(spec.id, spec));
  }
  return found;
};

/** No renderer writes for so long that a version could be older when it is first seen. */
const newForSeconds = 60;

const heldRows = (sql: Sql, holders: readonly Holder[]) => sql<(HeldSpec & Holder)[]>`
  select
    h.runtime, h."keyId", l.job_spec_id as id, s.attestation, l.version, l.fence, s.error,
    s.error_path as "errorPath",
    s.changed_at > statement_timestamp() - make_interval(secs => ${newForSeconds}::int) as "isNew"
  from json_to_recordset(${JSON.stringify(holders)}::text::json) as h (runtime text, "keyId" text)
  join fairlead.runtimes r on r.id = h.runtime
  join fairlead.job_spec_leases l on l.runtime = h.runtime
  cross join lateral (
    select attestation, error, error_path, changed_at from fairlead.job_specs where id = l.job_spec_id limit 1
  ) s
  where l.lease_expires_at > statement_timestamp()
    and (
      r.key_id = h."keyId" or exists (
        select from fairlead.api_keys k
        where k.id = r.key_id
          and (k.revoked_at is not null or k.expires_at <= statement_timestamp())
      )
    )`;

interface Standing {
  readonly version: number;
  readonly fence: number;
}

/** What there is of specs that somebody holds no more; those that are not in it were removed. */
export const readStandings = async (
  sql: Sql,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Standing>> => {
  if (ids.length === 0) return new Map();
  const rows = await sql<(Standing & { readonly id: string })[]>`
    select l.job_spec_id as id, l.version, l.fence
    from json_array_elements_text(${JSON.stringify(ids)}::text::json) as n(id)
    join fairlead.job_spec_leases l on l.job_spec_id = n.id::uuid`;
  return new Map(rows.map(({ id, ...standing }) => [id, standing]));
};
