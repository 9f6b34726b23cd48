import type { KeyFilter } from "../permissions/key-filter.ts";
import type { Json } from "../platform/json.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import type { LayerEntry, Merge } from "./resolve.ts";

/** What to read of the layers of (app, environment); `''` reads without one. */
export interface LayersQuery {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
  readonly key?: string | undefined;
  readonly prefix?: string | undefined;
  /** A revision that exists; absent for the current state. */
  readonly at?: number | undefined;
  /** What the reader may see; what it may not leaves no trace in the answer. Absent: everything. */
  readonly visible?: KeyFilter | undefined;
}

export interface Layers {
  readonly epoch: string;
  /** The deployment's revision that the whole answer shows. */
  readonly revision: number;
  /** The newest revision, up to the one asked for, that changed any of the layers. */
  readonly headRevision: number;
  readonly appExists: boolean;
  readonly environmentExists: boolean;
  /** By key, and for each key weakest first. */
  readonly entries: readonly LayerEntry[];
}

interface LayersRow {
  epoch: string;
  revision: number;
  headRevision: number;
  appExists: boolean;
  environmentExists: boolean;
  id: string | null;
  live: boolean;
  app: string;
  environment: string;
  key: string;
  version: number;
  entryRevision: number;
  value: Json;
  schema: Json | null;
  description: string | null;
  merge: Merge;
}

/** Reads layers in one statement, so that everything in the answer is of one snapshot. */
export const readLayers = async (sql: Sql | Tx, query: LayersQuery): Promise<Layers> => {
  const rows = await (query.at === undefined
    ? currentLayers(sql, query)
    : pastLayers(sql, { ...query, at: query.at }));
  const [first] = rows;
  if (first === undefined) throw new Error("fairlead.deployment has no row");
  const { appExists, environmentExists, epoch, revision } = first;
  const { visible } = query;
  const seen = isPart(visible)
    ? rows.filter((row) => row.id === null || visible.allows(row.key))
    : rows;
  const entries = seen.flatMap((row) =>
    row.id === null || !row.live ? [] : [toEntry(row, row.id)],
  );
  const headRevision = isPart(visible) ? newestRevision(seen) : first.headRevision;
  return { epoch, revision, headRevision, appExists, environmentExists, entries };
};

const isPart = (visible: KeyFilter | undefined): visible is KeyFilter =>
  visible !== undefined && visible.permits !== "all";

/** Of what is visible, deleted entries included: a hidden change must not show in a document. */
const newestRevision = (rows: readonly LayersRow[]): number =>
  rows.reduce(
    (newest, { entryRevision, id }) => (id === null ? newest : Math.max(newest, entryRevision)),
    0,
  );

const toEntry = (row: LayersRow, id: string): LayerEntry => ({
  id,
  app: row.app,
  environment: row.environment,
  key: row.key,
  version: row.version,
  revision: row.entryRevision,
  value: row.value,
  schema: row.schema ?? undefined,
  description: row.description ?? undefined,
  merge: row.merge,
});

const currentLayers = (
  sql: Sql | Tx,
  { app, environment, key, kind, prefix, visible }: LayersQuery,
) =>
  sql<LayersRow[]>`
    select
      d.epoch, d.revision,
      (
        select coalesce(max(l.head_revision), 0) from fairlead.layers l
        where l.kind = ${kind} and l.app in ('', ${app}) and l.environment in ('', ${environment})
      ) as "headRevision",
      ${app} = '' or exists (select from fairlead.apps a where a.name = ${app}) as "appExists",
      ${environment} = '' or exists (
        select from fairlead.environments n where n.name = ${environment}
      ) as "environmentExists",
      e.id, not e.deleted as live, e.app, e.environment, e.key, e.version,
      e.revision as "entryRevision", e.value, e.schema, e.description, e.merge
    from fairlead.deployment d
    left join fairlead.entries e
      on e.kind = ${kind} and e.app in ('', ${app}) and e.environment in ('', ${environment})
      ${isPart(visible) ? sql`` : sql`and not e.deleted`}
      ${key === undefined ? sql`` : sql`and e.key = ${key}`}
      ${prefix === undefined ? sql`` : sql`and starts_with(e.key, ${prefix})`}
    order by e.key, e.app <> '', e.environment <> ''`;

const pastLayers = (
  sql: Sql | Tx,
  { app, at, environment, key, kind, prefix, visible }: LayersQuery & { at: number },
) =>
  sql<LayersRow[]>`
    with past as (
      select distinct on (v.app, v.environment, v.key) v.*
      from fairlead.entry_versions v
      where v.kind = ${kind} and v.app in ('', ${app}) and v.environment in ('', ${environment})
        and v.revision <= ${at}
        ${key === undefined ? sql`` : sql`and v.key = ${key}`}
        ${prefix === undefined ? sql`` : sql`and starts_with(v.key, ${prefix})`}
      order by v.app, v.environment, v.key, v.version desc
    )
    select
      d.epoch, d.revision,
      (
        select coalesce(max(v.revision), 0) from fairlead.entry_versions v
        where v.kind = ${kind} and v.app in ('', ${app}) and v.environment in ('', ${environment})
          and v.revision <= ${at}
      ) as "headRevision",
      ${app} = '' or exists (select from fairlead.apps a where a.name = ${app}) as "appExists",
      ${environment} = '' or exists (
        select from fairlead.environments n where n.name = ${environment}
      ) as "environmentExists",
      e.id, past.op = 'put' as live, past.app, past.environment, past.key, past.version,
      past.revision as "entryRevision", past.value, past.schema, past.description, past.merge
    from fairlead.deployment d
    left join past on ${isPart(visible) ? sql`true` : sql`past.op = 'put'`}
    left join fairlead.entries e
      on e.kind = ${kind} and e.key = past.key and e.app = past.app
      and e.environment = past.environment
    order by past.key, past.app <> '', past.environment <> ''`;
