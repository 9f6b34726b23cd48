import type { Sql } from "../../platform/sql.ts";
import type { CommittedRun, KnownNames, MemoryPoint } from "./layer-memory.ts";
import { type StoredEntry, toCommittedEntry } from "./load-layers.ts";

/** What was committed after a point, and the names where they have changed. */
export interface Committed {
  readonly newest: MemoryPoint;
  /** Absent where the point is of another history, or too far back to be caught up with. */
  readonly run: CommittedRun | undefined;
  readonly names: KnownNames | undefined;
  /** For how long a copy has not been confirmed; absent where it is PostgreSQL that says so. */
  readonly ageMs?: number;
}

interface CommittedRow {
  epoch: string;
  revision: number;
  catalogueVersion: number;
  apps: string[] | null;
  environments: string[] | null;
  revisions:
    | { revision: number; committedAt: string; message: string; entries: StoredEntry[] }[]
    | null;
}

/** Revisions and changes that are read at once, and how far back it is cheaper to begin anew. */
const maxRevisions = 500;
const maxChanges = 10_000;
const maxBehind = 20_000;

/** Reads on from a point, in one statement: revisions in order, each with all that it changed. */
export const readCommitted = async (
  sql: Sql,
  point: MemoryPoint,
  namesVersion: number,
): Promise<Committed> => {
  const row = await committedRow(sql, point, namesVersion);
  const { apps, catalogueVersion, environments, epoch, revision } = row;
  const behind = revision - point.revision;
  const follows = epoch === point.epoch && behind >= 0 && behind <= maxBehind;
  return {
    newest: { epoch, revision },
    run: follows
      ? {
          epoch,
          after: point.revision,
          revisions: (row.revisions ?? []).map(({ entries, ...one }) => ({
            ...one,
            entries: entries.map(toCommittedEntry),
          })),
        }
      : undefined,
    names:
      apps === null
        ? undefined
        : {
            version: catalogueVersion,
            apps: new Set(apps),
            environments: new Set(environments ?? []),
          },
  };
};

const committedRow = async (
  sql: Sql,
  { epoch, revision: after }: MemoryPoint,
  namesVersion: number,
): Promise<CommittedRow> => {
  const [row] = await sql<CommittedRow[]>`
    select
      d.epoch, d.revision, d.catalogue_version as "catalogueVersion",
      case when d.catalogue_version <> ${namesVersion} or d.epoch <> ${epoch} then (
        select coalesce(json_agg(name), '[]') from fairlead.apps
      ) end as apps,
      case when d.catalogue_version <> ${namesVersion} or d.epoch <> ${epoch} then (
        select coalesce(json_agg(name), '[]') from fairlead.environments
      ) end as environments,
      case when d.epoch = ${epoch} and d.revision between ${after + 1}::bigint and ${after + maxBehind}::bigint then (
        select json_agg(found order by found.revision) from (
          select
            c.revision, c.message,
            to_char(c.committed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
              as "committedAt",
            (
              select json_agg(changed) from (
                select
                  e.id, v.kind, v.app, v.environment, v.key, v.version, v.revision,
                  v.op = 'delete' as deleted, v.value, v.schema, v.description, v.merge
                from fairlead.entry_versions v
                join fairlead.entries e
                  on e.app = v.app and e.environment = v.environment and e.key = v.key
                  and e.kind = v.kind
                where v.revision = c.revision
              ) changed
            ) as entries
          from (
            select
              next.*, sum(next.change_count) over (order by next.revision) - next.change_count as before
            from fairlead.change_sets next
            where next.revision > ${after} and next.revision <= ${after + maxRevisions}::bigint
          ) c
          where c.before < ${maxChanges}
        ) found
      ) end as revisions
    from fairlead.deployment d`;
  if (row === undefined) throw new Error("fairlead.deployment has no row");
  return row;
};
