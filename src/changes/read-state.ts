import type { Json } from "../platform/json.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import type { Operation } from "./change-set.ts";
import {
  type IdempotencyName,
  type RecordedReplay,
  type Replays,
  toReplays,
} from "./idempotency.ts";
import type { KindRegistry } from "./kind.ts";
import { deletedNames, type GlobalName, targetsOf } from "./references.ts";
import {
  addDependent,
  addEntry,
  type Catalogue,
  type EntryState,
  type LayerState,
  layerId,
  type State,
} from "./state.ts";

/** What change sets are judged against, all of one snapshot. */
export interface Snapshot {
  readonly state: State;
  /** PostgreSQL's time in microseconds, never below the newest change set's; texts compare as times. */
  readonly now: string;
  readonly replays: Replays;
}

/** What a group needs to know of the store. */
export interface SnapshotQuery {
  readonly operations: readonly Operation[];
  readonly idempotencyNames: readonly IdempotencyName[];
  /** The catalogue as last seen; read anew where it has changed since. */
  readonly catalogue: Catalogue | undefined;
  /** By which it is known what operations name; without operations there is no need. */
  readonly kinds?: KindRegistry;
}

interface EntryRecord extends Omit<EntryState, "schema" | "description"> {
  readonly schema: Json | null;
  readonly description: string | null;
}

interface DependentRecord {
  readonly target: string;
  readonly dependent: string;
}

interface SnapshotRow {
  epoch: string;
  revision: number;
  catalogueVersion: number;
  now: string;
  entries: EntryRecord[] | null;
  layers: LayerState[] | null;
  dependents: DependentRecord[] | null;
  replays: RecordedReplay[] | null;
  environments: string[] | null;
  apps: string[] | null;
}

/**
 * Reads in one statement what a group's operations can touch or make effective. One for a single
 * (app, environment) needs four entries at most; one for a whole app, a whole environment or all of
 * both needs every owner of its key.
 */
export const readSnapshot = async (sql: Sql | Tx, query: SnapshotQuery): Promise<Snapshot> => {
  const row = await snapshotRow(sql, query);
  const { catalogueVersion: version, epoch, now, revision } = row;
  const catalogue =
    query.catalogue?.version === version
      ? query.catalogue
      : { version, environments: row.environments ?? [], apps: row.apps ?? [] };
  const state: State = {
    epoch,
    revision,
    catalogue,
    entries: new Map(),
    layers: new Map(),
    dependents: new Map(),
    targets: new Map(),
  };
  for (const { description, schema, ...entry } of row.entries ?? []) {
    const optional = { schema: schema ?? undefined, description: description ?? undefined };
    addEntry(state, { ...entry, ...optional });
  }
  for (const layer of row.layers ?? []) {
    state.layers.set(layerId(layer.kind, layer.app, layer.environment), layer);
  }
  for (const { dependent, target } of row.dependents ?? []) addDependent(state, target, dependent);
  return { state, now, replays: toReplays(row.replays ?? []) };
};

const snapshotRow = async (sql: Sql | Tx, query: SnapshotQuery): Promise<SnapshotRow> => {
  const { catalogue, idempotencyNames, kinds = new Map(), operations } = query;
  const deleted = deletedNames(kinds, operations);
  const known = catalogue?.version ?? -1;
  const [row] = await sql<SnapshotRow[]>`
    select
      d.epoch, d.revision, d.catalogue_version as "catalogueVersion",
      to_char(
        greatest(clock_timestamp(), d.committed_at) at time zone 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
      ) as now,
      (select json_agg(found) from (${entriesOf(sql, operations, targetsOf(kinds, operations))}) found) as entries,
      (select json_agg(found) from (${layersOf(sql, operations)}) found) as layers,
      ${
        deleted.length === 0
          ? sql`null::json as dependents,`
          : sql`(select json_agg(found) from (${dependentsOf(sql, deleted)}) found) as dependents,`
      }
      ${
        idempotencyNames.length === 0
          ? sql`null::json as replays,`
          : sql`(select json_agg(found) from (${replaysOf(sql, idempotencyNames)}) found) as replays,`
      }
      case when d.catalogue_version <> ${known} then (
        select json_agg(name order by rank, name) from fairlead.environments
      ) end as environments,
      case when d.catalogue_version <> ${known} then (
        select json_agg(name order by name) from fairlead.apps
      ) end as apps
    from fairlead.deployment d`;
  if (row === undefined) throw new Error("fairlead.deployment has no row");
  return row;
};

/** Each look-up is a lateral subquery of its own, so that it goes by index whatever its plan's age. */
const entriesOf = (
  sql: Sql | Tx,
  operations: readonly Operation[],
  targets: readonly GlobalName[],
) => {
  const columns = sql`
    e.id, e.kind, e.app, e.environment, e.key, e.version, e.revision, e.deleted,
    e.value, e.schema, e.description, e.merge`;
  const { exact, ofApps, ofKeys } = namesOf(operations, targets);
  return sql`
    select found.* from json_to_recordset(${JSON.stringify(exact)}::text::json)
      as name(kind text, key text, app text, environment text)
    cross join lateral (
      select ${columns} from fairlead.entries e
      where e.app = name.app and e.environment = name.environment
        and e.key = name.key and e.kind = name.kind
      limit 1
    ) found
    ${
      ofApps.length === 0
        ? sql``
        : sql`
            union all
            select found.* from json_to_recordset(${JSON.stringify(ofApps)}::text::json)
              as name(kind text, key text, app text)
            cross join lateral (
              select ${columns} from fairlead.entries e
              where e.key = name.key and e.kind = name.kind and e.app = name.app offset 0
            ) found`
    }
    ${
      ofKeys.length === 0
        ? sql``
        : sql`
            union all
            select found.* from json_to_recordset(${JSON.stringify(ofKeys)}::text::json)
              as name(kind text, key text)
            cross join lateral (
              select ${columns} from fairlead.entries e
              where e.key = name.key and e.kind = name.kind offset 0
            ) found`
    }`;
};

/** Which entries the operations concern, by how much of their scope is given; each name once. */
const namesOf = (operations: readonly Operation[], targets: readonly GlobalName[]) => {
  const exact = new Map<string, object>();
  for (const { key, kind } of targets) {
    exact.set(`${kind}/${key}//`, { kind, key, app: "", environment: "" });
  }
  const ofApps = new Map<string, object>();
  const ofKeys = new Map<string, object>();
  for (const { app, environment, key, kind } of operations) {
    if (app === "") ofKeys.set(`${kind}/${key}`, { kind, key });
    else if (environment === "") {
      for (const owner of ["", app]) {
        ofApps.set(`${kind}/${key}/${owner}`, { kind, key, app: owner });
      }
    } else {
      for (const ownerApp of ["", app]) {
        for (const owner of ["", environment]) {
          const name = { kind, key, app: ownerApp, environment: owner };
          exact.set(`${kind}/${key}/${ownerApp}/${owner}`, name);
        }
      }
    }
  }
  return {
    exact: [...exact.values()],
    ofApps: [...ofApps.values()],
    ofKeys: [...ofKeys.values()],
  };
};

const layersOf = (sql: Sql | Tx, operations: readonly Operation[]) => {
  const scopes = new Map(
    operations.map(({ app, environment, kind }) => [
      layerId(kind, app, environment),
      { kind, app, environment },
    ]),
  );
  return sql`
    select found.* from json_to_recordset(${JSON.stringify([...scopes.values()])}::text::json)
      as name(kind text, app text, environment text)
    cross join lateral (
      select
        l.kind, l.app, l.environment,
        l.head_revision as "headRevision", l.entry_count as "entryCount"
      from fairlead.layers l
      where l.kind = name.kind and l.app = name.app and l.environment = name.environment
      limit 1
    ) found`;
};

const dependentsOf = (sql: Sql | Tx, deleted: readonly GlobalName[]) => sql`
  select name.kind || '/' || name.key as target, found.kind || '/' || found.key as dependent
  from json_to_recordset(${JSON.stringify(deleted)}::text::json) as name(kind text, key text)
  cross join lateral (
    select r.kind, r.key from fairlead.entry_references r
    where r.target_kind = name.kind and r.target_key = name.key offset 0
  ) found`;

const replaysOf = (sql: Sql | Tx, names: readonly IdempotencyName[]) => sql`
  select found.* from json_to_recordset(${JSON.stringify(names)}::text::json)
    as name(actor text, route text, key text)
  cross join lateral (
    select k.actor, k.route, k.key, k.request_hash as "requestHash", k.result
    from fairlead.idempotency_keys k
    where k.actor = name.actor and k.route = name.route and k.key = name.key
      and k.created_at > clock_timestamp() - interval '24 hours'
    limit 1
  ) found`;
