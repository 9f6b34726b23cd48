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
  const { appExists, environmentExists, epoch, headRevision, revision } = first;
  const entries = rows.flatMap((row) => (row.id === null ? [] : [toEntry(row, row.id)]));
  return { epoch, revision, headRevision, appExists, environmentExists, entries };
};

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

const currentLayers = (sql: Sql | Tx, { app, environment, key, kind, prefix }: LayersQuery) =>
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
      e.id, e.app, e.environment, e.key, e.version, e.revision as "entryRevision",
      e.value, e.schema, e.description, e.merge
    from fairlead.deployment d
    left join fairlead.entries e
      on e.kind = ${kind} and e.app in ('', ${app}) and e.environment in ('', ${environment})
      and not e.deleted
      ${key === undefined ? sql`` : sql`and e.key = ${key}`}
      ${prefix === undefined ? sql`` : sql`and starts_with(e.key, ${prefix})`}
    order by e.key, e.app <> '', e.environment <> ''`;

const pastLayers = (
  sql: Sql | Tx,
  { app, at, environment, key, kind, prefix }: LayersQuery & { at: number },
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
      e.id, past.app, past.environment, past.key, past.version,
      past.revision as "entryRevision", past.value, past.schema, past.description, past.merge
    from fairlead.deployment d
    left join past on past.op = 'put'
    left join fairlead.entries e
      on e.kind = ${kind} and e.key = past.key and e.app = past.app
      and e.environment = past.environment
    order by past.key, past.app <> '', past.environment <> ''`;
