import type { Sql, Tx } from "../../platform/sql.ts";
import type { CommittedRun } from "../memory/layer-memory.ts";
import type { LayerName } from "../memory/memory-layer.ts";
import { readCommitted } from "../memory/read-committed.ts";
import { type CachedNames, type CachePoint, layerIdOf } from "./layer-cache.ts";

/** A layer with something to publish. */
export interface ChangedLayer {
  readonly name: LayerName;
  /** The newest revision that changed it. */
  readonly changedAt: number;
  /** How many versions are new; undefined where that was not counted. */
  readonly versions: number | undefined;
}

/** Further back than this, what changed is published whole rather than looked for. */
const maxBehind = 20_000;

export const readNewestPoint = async (tx: Tx): Promise<CachePoint> => {
  const [point] = await tx<CachePoint[]>`
    select epoch, revision, catalogue_version as "namesVersion" from fairlead.deployment`;
  if (point === undefined) throw new Error("fairlead.deployment has no row");
  return point;
};

export const readNames = async (tx: Tx): Promise<CachedNames> => {
  const [names] = await tx<{ apps: string[]; environments: string[] }[]>`
    select
      (select coalesce(json_agg(name order by name), '[]') from fairlead.apps) as apps,
      (select coalesce(json_agg(name order by name), '[]') from fairlead.environments)
        as environments`;
  return names ?? { apps: [], environments: [] };
};

interface ChangedQuery {
  readonly after: number;
  readonly to: number;
  readonly kinds: readonly string[];
}

interface ChangedRow extends LayerName {
  changedAt: number;
  versions: number | null;
}

/** The layers of these kinds that have changed after a revision; with -1, all. */
export const readChangedLayers = async (
  tx: Tx,
  { after, kinds, to }: ChangedQuery,
): Promise<readonly ChangedLayer[]> => {
  const isNear = after >= 0 && to - after <= maxBehind;
  const rows = isNear
    ? await rowsByVersion(tx, { after, kinds, to })
    : await rowsByHead(tx, after, kinds);
  return rows.map(({ app, changedAt, environment, kind, versions }) => ({
    name: { kind, app, environment },
    changedAt,
    versions: versions ?? undefined,
  }));
};

/**
 * Costs what has changed, however many layers there are. Without an upper bound a generic plan would
 * expect a third of all versions.
 */
const rowsByVersion = (tx: Tx, { after, kinds, to }: ChangedQuery) => tx<ChangedRow[]>`
  select
    kind, app, environment, max(revision) as "changedAt", count(*)::integer as versions
  from fairlead.entry_versions
  where revision > ${after} and revision <= ${to}
    and kind in (select json_array_elements_text(${JSON.stringify(kinds)}::text::json))
  group by kind, app, environment`;

const rowsByHead = (tx: Tx, after: number, kinds: readonly string[]) => tx<ChangedRow[]>`
  select kind, app, environment, head_revision as "changedAt", null as versions
  from fairlead.layers
  where head_revision > ${after}
    and kind in (select json_array_elements_text(${JSON.stringify(kinds)}::text::json))`;

/** All entries of a layer, deleted ones too, as the text of a JSON list. */
export const readFullText = async (
  tx: Tx,
  { app, environment, kind }: LayerName,
): Promise<string> => {
  const [row] = await tx<{ entries: string | null }[]>`
    select json_agg(found)::text as entries from (
      select id, key, version, revision, deleted, value, schema, description, merge
      from fairlead.entries
      where app = ${app} and environment = ${environment} and kind = ${kind}
      order by key
    ) found`;
  return row?.entries ?? "[]";
};

/** What has changed after a revision, for each of these layers the text of a JSON list. */
export const readDeltaTexts = async (
  tx: Tx,
  names: readonly LayerName[],
  { after, to }: { readonly after: number; readonly to: number },
): Promise<ReadonlyMap<string, string>> => {
  if (names.length === 0) return new Map();
  const rows = await tx<(LayerName & { entries: string })[]>`
    select e.kind, e.app, e.environment, json_agg(json_build_object(
      'id', e.id, 'key', e.key, 'version', e.version, 'revision', e.revision,
      'deleted', e.deleted, 'value', e.value, 'schema', e.schema, 'description', e.description,
      'merge', e.merge
    ) order by e.key)::text as entries
    from fairlead.entry_versions v
    join fairlead.entries e
      on e.app = v.app and e.environment = v.environment and e.key = v.key and e.kind = v.kind
      and e.version = v.version
    where v.revision > ${after} and v.revision <= ${to} and (v.kind, v.app, v.environment) in (
      select kind, app, environment
      from json_to_recordset(${JSON.stringify(names)}::text::json)
        as name(kind text, app text, environment text)
    )
    group by e.kind, e.app, e.environment`;
  return new Map(rows.map((row) => [layerIdOf(row), row.entries]));
};

/** Past these who holds layers reads them anew, which is cheaper. */
const maxRunRevisions = 500;
const maxRunCharacters = 4 * 1024 * 1024;

interface RunQuery {
  readonly from: CachePoint;
  readonly to: CachePoint;
  readonly kinds: readonly string[];
}

/** What was committed from one point to another, of these kinds; undefined where it is too much. */
export const readRun = async (
  tx: Tx,
  { from, kinds, to }: RunQuery,
): Promise<CommittedRun | undefined> => {
  if (to.revision - from.revision > maxRunRevisions) return undefined;
  // It needs no more than a transaction can do.
  const { run } = await readCommitted(tx as unknown as Sql, from, to.namesVersion);
  if (run === undefined || run.after + run.revisions.length !== to.revision) return undefined;
  const revisions = run.revisions.map((revision) => {
    const entries = revision.entries.filter(({ kind }) => kinds.includes(kind));
    // What changed nothing that readers see is none of their business.
    return { ...revision, entries, message: entries.length === 0 ? "" : revision.message };
  });
  const isSmall = JSON.stringify(revisions).length <= maxRunCharacters;
  return isSmall ? { ...run, revisions } : undefined;
};
