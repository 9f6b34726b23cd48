import type { Sql, Tx } from "../../platform/sql.ts";
import { type HeldLease, type LeasedSpec, maxContentBytes } from "./leased-spec.ts";

/**
 * Leases with what is to be run, for the first of them, as many as an answer has room for. What has
 * another version by now comes without, too.
 */
export const withContent = async (
  sql: Sql | Tx,
  leases: readonly HeldLease[],
): Promise<readonly LeasedSpec[]> => {
  const rows = await contentRows(sql, fitting(leases));
  const contents = new Map(rows.map(({ id, ...content }) => [id, content]));
  return leases.map((held) => {
    const { sizeBytes: _, ...lease } = held;
    return { ...lease, ...(contents.get(lease.id) ?? { spec: null, envelope: null }) };
  });
};

const fitting = (leases: readonly HeldLease[]): readonly HeldLease[] => {
  let totalBytes = 0;
  return leases.filter(({ sizeBytes }, index) => {
    totalBytes += sizeBytes;
    return index === 0 || totalBytes <= maxContentBytes;
  });
};

const contentRows = async (
  sql: Sql | Tx,
  leases: readonly HeldLease[],
): Promise<readonly Pick<LeasedSpec, "envelope" | "id" | "spec">[]> => {
  if (leases.length === 0) return [];
  const names = JSON.stringify(leases.map(({ id, version }) => ({ id, version })));
  return sql<Pick<LeasedSpec, "envelope" | "id" | "spec">[]>`
    select s.id, s.spec, s.envelope
    from json_to_recordset(${names}::text::json) as n(id uuid, version bigint)
    cross join lateral (
      select id, version, spec, envelope from fairlead.job_specs where id = n.id limit 1
    ) s
    where s.version = n.version`;
};
