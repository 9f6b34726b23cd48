import type { Json } from "../platform/json.ts";
import type { Tx } from "../platform/sql.ts";
import type { Operation } from "./change-set.ts";
import {
  addEntry,
  type Catalogue,
  type EntryState,
  entryGroupId,
  type LayerState,
  layerId,
  type State,
} from "./state.ts";

interface Counter {
  readonly epoch: string;
  readonly revision: number;
  readonly catalogueVersion: number;
  /** PostgreSQL's time, taken under the counter's lock and never below the predecessor's. */
  readonly now: string;
}

interface EntryRow {
  id: string;
  kind: string;
  app: string;
  environment: string;
  key: string;
  version: number;
  revision: number;
  deleted: boolean;
  value: Json;
  schema: Json | null;
  description: string | null;
  merge: "replace" | "deep";
}

const toEntryState = (row: EntryRow): EntryState => ({
  ...row,
  schema: row.schema ?? undefined,
  description: row.description ?? undefined,
});

/**
 * Locks the revision counter until the transaction ends; all writers meet here, so revision order is
 * commit order. Look-ups by key must go by index: a plan made while the table was empty would scan it
 * for ever after, hence no sequential scans in this transaction.
 */
export const lockCounter = async (tx: Tx): Promise<Counter> => {
  // Sent at once: whoever reads next on this connection reads under the lock.
  const locking = tx<Counter[]>`
    with counter as materialized (
      select epoch, revision, catalogue_version, committed_at
      from fairlead.deployment
      for update
    )
    select
      epoch, revision, catalogue_version as "catalogueVersion",
      greatest(clock_timestamp(), committed_at) as now,
      set_config('enable_seqscan', 'off', true),
      set_config('enable_hashjoin', 'off', true),
      set_config('enable_mergejoin', 'off', true)
    from counter`.execute();
  const [row] = await locking;
  if (row === undefined) throw new Error("fairlead.deployment has no row");
  return row;
};

/** The same without the lock, for dry runs. */
export const readCounter = async (tx: Tx): Promise<Counter> => {
  const [row] = await tx<Counter[]>`
    select
      epoch, revision, catalogue_version as "catalogueVersion",
      greatest(clock_timestamp(), committed_at) as now
    from fairlead.deployment`;
  if (row === undefined) throw new Error("fairlead.deployment has no row");
  return row;
};

export const readCatalogue = async (tx: Tx, version: number): Promise<Catalogue> => {
  const [environments, apps] = await Promise.all([
    tx<{ name: string }[]>`select name from fairlead.environments order by rank, name`,
    tx<{ name: string }[]>`select name from fairlead.apps order by name`,
  ]);
  return {
    version,
    environments: environments.map(({ name }) => name),
    apps: apps.map(({ name }) => name),
  };
};

/**
 * The entries and layers that a group's operations can touch or make effective. An operation for one
 * (app, environment) needs four rows at most; one for a whole app, a whole environment or all of both
 * needs every owner of its key.
 */
export const readTouched = async (
  tx: Tx,
  operations: readonly Operation[],
): Promise<Pick<State, "entries" | "layers">> => {
  const exact = operations.filter(({ app, environment }) => app !== "" && environment !== "");
  const ofApps = operations.filter(({ app, environment }) => app !== "" && environment === "");
  const wide = operations.filter(({ app }) => app === "");
  const [exactRows, appRows, wideRows, layers] = await Promise.all([
    exact.length === 0 ? [] : exactEntries(tx, exact),
    ofApps.length === 0 ? [] : entriesOfApps(tx, ofApps),
    wide.length === 0 ? [] : entriesOfKeys(tx, wide),
    touchedLayers(tx, operations),
  ]);
  const state = { entries: new Map(), layers: new Map() } as State;
  for (const rows of [exactRows, appRows, wideRows]) {
    for (const row of rows) addEntry(state, toEntryState(row));
  }
  for (const layer of layers) {
    state.layers.set(layerId(layer.kind, layer.app, layer.environment), layer);
  }
  return state;
};

const exactEntries = (tx: Tx, operations: readonly Operation[]) => {
  const names = operations.flatMap(({ kind, key, app, environment }) => [
    { kind, key, app: "", environment: "" },
    { kind, key, app: "", environment },
    { kind, key, app, environment: "" },
    { kind, key, app, environment },
  ]);
  return tx<EntryRow[]>`
    select
      e.id, e.kind, e.app, e.environment, e.key, e.version, e.revision, e.deleted,
      e.value, e.schema, e.description, e.merge
    from json_to_recordset(${JSON.stringify(names)}::text::json)
      as name(kind text, key text, app text, environment text)
    join fairlead.entries e
      on e.kind = name.kind and e.key = name.key
      and e.app = name.app and e.environment = name.environment`;
};

const entriesOfApps = (tx: Tx, operations: readonly Operation[]) => {
  const names = operations.flatMap(({ kind, key, app }) => [
    { kind, key, app: "" },
    { kind, key, app },
  ]);
  return tx<EntryRow[]>`
    select
      e.id, e.kind, e.app, e.environment, e.key, e.version, e.revision, e.deleted,
      e.value, e.schema, e.description, e.merge
    from json_to_recordset(${JSON.stringify(names)}::text::json)
      as name(kind text, key text, app text)
    join fairlead.entries e on e.kind = name.kind and e.key = name.key and e.app = name.app`;
};

const entriesOfKeys = (tx: Tx, operations: readonly Operation[]) => {
  // A key may be named for several scopes, but its owners are wanted once.
  const keys = new Map(operations.map(({ kind, key }) => [entryGroupId(kind, key), { kind, key }]));
  const names = [...keys.values()];
  return tx<EntryRow[]>`
    select
      e.id, e.kind, e.app, e.environment, e.key, e.version, e.revision, e.deleted,
      e.value, e.schema, e.description, e.merge
    from json_to_recordset(${JSON.stringify(names)}::text::json) as name(kind text, key text)
    join fairlead.entries e on e.kind = name.kind and e.key = name.key`;
};

const touchedLayers = (tx: Tx, operations: readonly Operation[]): Promise<LayerState[]> => {
  const scopes = new Map(
    operations.map((operation) => [
      layerId(operation.kind, operation.app, operation.environment),
      operation,
    ]),
  );
  const names = [...scopes.values()].map(({ kind, app, environment }) => ({
    kind,
    app,
    environment,
  }));
  return tx<LayerState[]>`
    select
      l.kind, l.app, l.environment,
      l.head_revision as "headRevision", l.entry_count as "entryCount"
    from json_to_recordset(${JSON.stringify(names)}::text::json)
      as name(kind text, app text, environment text)
    join fairlead.layers l
      on l.kind = name.kind and l.app = name.app and l.environment = name.environment`;
};
