import type { Change, EffectiveChange } from "../../../src/changes/change-set.ts";
import type { EntryName } from "../../../src/changes/state.ts";
import type { Json } from "../../../src/platform/json.ts";
import { naiveResolve } from "../naive-resolve.ts";

/** One version of an entry, as history keeps it. */
export interface ModelVersion extends EntryName {
  readonly version: number;
  readonly revision: number;
  readonly op: "put" | "delete";
  readonly value: Json;
  readonly schema: Json | undefined;
  readonly description: string | undefined;
  readonly merge: "replace" | "deep";
}

interface ModelChangeSet {
  readonly revision: number;
  readonly action: string;
  readonly message: string;
  readonly changes: readonly Change[];
}

/** The whole store as plain lists that only grow; every question is answered by looking at all of it. */
export interface StoreModel {
  readonly environments: string[];
  readonly apps: string[];
  readonly versions: ModelVersion[];
  readonly changeSets: ModelChangeSet[];
}

export const createModel = (): StoreModel => ({
  environments: ["development", "staging", "production"],
  apps: [],
  versions: [],
  changeSets: [],
});

export const idOf = ({ app, environment, key, kind }: EntryName): string =>
  [app, environment, key, kind].join("/");

/** By scope, key and kind: the order of rollbacks, diffs and lists. */
export const byName = (a: EntryName, b: EntryName): number => {
  for (const part of ["app", "environment", "key", "kind"] as const) {
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  }
  return 0;
};

export const versionsOf = (model: StoreModel, name: EntryName): ModelVersion[] =>
  model.versions.filter((version) => idOf(version) === idOf(name));

/** The newest version that an entry had at a revision, deleted or not. */
export const newestAt = (
  model: StoreModel,
  name: EntryName,
  revision = Number.POSITIVE_INFINITY,
): ModelVersion | undefined =>
  versionsOf(model, name).findLast((version) => version.revision <= revision);

/** The live entries at a revision, by name. */
export const liveAt = (model: StoreModel, revision = Number.POSITIVE_INFINITY): ModelVersion[] => {
  const newest = new Map<string, ModelVersion>();
  for (const version of model.versions) {
    if (version.revision <= revision) newest.set(idOf(version), version);
  }
  return [...newest.values()].filter(({ op }) => op === "put").toSorted(byName);
};

/** Everything that readers can stand on: each app and environment, and none named. */
export const positionsOf = (model: Pick<StoreModel, "apps" | "environments">) =>
  ["", ...model.apps].flatMap((app) =>
    ["", ...model.environments].map((environment) => ({ app, environment })),
  );

/** The entries of a key that apply to a position, weakest first. */
export const chainAt = <Entry extends EntryName>(
  live: readonly Entry[],
  { app, environment, key, kind }: EntryName,
): Entry[] => {
  const strength = (entry: Entry): number =>
    (entry.app === "" ? 0 : 2) + (entry.environment === "" ? 0 : 1);
  return live
    .filter((entry) => entry.kind === kind && entry.key === key)
    .filter((entry) => entry.app === "" || entry.app === app)
    .filter((entry) => entry.environment === "" || entry.environment === environment)
    .toSorted((a, b) => strength(a) - strength(b));
};

/** The effective values that differ between two sets of live entries, in every position. */
export const effectiveChanges = (
  names: Pick<StoreModel, "apps" | "environments">,
  before: readonly ModelVersion[],
  after: readonly ModelVersion[],
): EffectiveChange[] => {
  const keys = new Map([...before, ...after].map((entry) => [`${entry.kind}/${entry.key}`, entry]));
  return [...keys.values()].flatMap(({ key, kind }) =>
    positionsOf(names).flatMap((position): EffectiveChange[] => {
      const was = naiveResolve(chainAt(before, { ...position, kind, key }));
      const becomes = naiveResolve(chainAt(after, { ...position, kind, key }));
      if (canonical(was?.value) === canonical(becomes?.value)) return [];
      const app = position.app || null;
      const environment = position.environment || null;
      return [{ app, environment, key, before: was?.value ?? null, after: becomes?.value ?? null }];
    }),
  );
};

/** JSON text that is equal for equal values; absent is not null. */
export const canonical = (value: unknown): string => {
  if (value === undefined) return "absent";
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
};
