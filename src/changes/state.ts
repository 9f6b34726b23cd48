import type { Merge } from "../layers/resolve.ts";
import type { Json } from "../platform/json.ts";

/** Names an entry. `''` in a scope means "all". */
export interface EntryName {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
  readonly key: string;
}

/** The newest state of an entry; a deleted one is a tombstone whose version goes on. */
export interface EntryState extends EntryName {
  readonly id: string;
  readonly version: number;
  readonly revision: number;
  readonly deleted: boolean;
  readonly value: Json;
  readonly schema: Json | undefined;
  readonly description: string | undefined;
  readonly merge: Merge;
}

export interface LayerState {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
  readonly headRevision: number;
  readonly entryCount: number;
}

/** The names that scopes may use; both lists are in their stable order. */
export interface Catalogue {
  readonly version: number;
  readonly environments: readonly string[];
  readonly apps: readonly string[];
}

/**
 * What the change sets of a group are judged against: the part of the store that they touch, which
 * each accepted change set moves on for its successors.
 */
export interface State {
  readonly epoch: string;
  revision: number;
  catalogue: Catalogue;
  /** By `entryGroupId`, then by `scopeId`. */
  readonly entries: Map<string, Map<string, EntryState>>;
  /** By `layerId`. */
  readonly layers: Map<string, LayerState>;
  /** Of global entries that are to be deleted, by `entryGroupId`: the `entryGroupId` of who names them. */
  readonly dependents: Map<string, Set<string>>;
  /** The same from the other side: whom of those each names. */
  readonly targets: Map<string, Set<string>>;
}

/** Binary search in the sorted list: a deployment may have tens of thousands of apps. */
export const hasApp = (catalogue: Catalogue, name: string): boolean => {
  let low = 0;
  let high = catalogue.apps.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const candidate = catalogue.apps[middle] ?? "";
    if (candidate === name) return true;
    if (candidate < name) low = middle + 1;
    else high = middle - 1;
  }
  return false;
};

export const addDependent = (
  { dependents, targets }: State,
  target: string,
  from: string,
): void => {
  dependents.set(target, (dependents.get(target) ?? new Set()).add(from));
  targets.set(from, (targets.get(from) ?? new Set()).add(target));
};

export const removeDependent = ({ dependents, targets }: State, from: string): void => {
  for (const target of targets.get(from) ?? []) dependents.get(target)?.delete(from);
  targets.delete(from);
};

// Names cannot hold "/", so it separates them without doubt.
export const entryGroupId = (kind: string, key: string): string => `${kind}/${key}`;
export const scopeId = (app: string, environment: string): string => `${app}/${environment}`;
export const layerId = (kind: string, app: string, environment: string): string =>
  `${kind}/${app}/${environment}`;
export const entryId = (name: EntryName): string =>
  `${name.kind}/${name.app}/${name.environment}/${name.key}`;

export const addEntry = (state: State, entry: EntryState): void => {
  const group = entryGroupId(entry.kind, entry.key);
  const scopes = state.entries.get(group) ?? new Map<string, EntryState>();
  state.entries.set(group, scopes.set(scopeId(entry.app, entry.environment), entry));
};

export const findEntry = (state: State, name: EntryName): EntryState | undefined =>
  state.entries.get(entryGroupId(name.kind, name.key))?.get(scopeId(name.app, name.environment));

/** The live entries of a key that apply to (app, environment), weakest first. */
export const chainOf = (
  scopes: ReadonlyMap<string, EntryState> | undefined,
  app: string,
  environment: string,
): EntryState[] => {
  const chain: EntryState[] = [];
  if (scopes === undefined) return chain;
  const add = (id: string): void => {
    const entry = scopes.get(id);
    if (entry !== undefined && !entry.deleted) chain.push(entry);
  };
  add("/");
  if (environment !== "") add(`/${environment}`);
  if (app !== "") add(`${app}/`);
  if (app !== "" && environment !== "") add(`${app}/${environment}`);
  return chain;
};
