import type { Scope, StoredEntry, StoreRecord } from "./history.ts";

/** What (app, environment) resolves to: a value with the version of the entry that it comes from. */
export type Effective = ReadonlyMap<string, Required<Pick<StoredEntry, "value" | "version">>>;

/** The state of the store, revision after revision. */
export interface Timeline {
  /** Goes on to a revision, which must not be before the one it is at. */
  moveTo(revision: number): void;
  effective(scope: Scope): Effective;
  /** All entries of one layer, deleted ones too. */
  layer(scope: Scope): readonly StoredEntry[];
}

const layerId = ({ app, environment }: Scope): string => `${app}/${environment}`;

/** The layers of a position, weakest first. */
export const layersOf = ({ app, environment }: Scope): readonly Scope[] =>
  [
    { app: "", environment: "" },
    { app: "", environment },
    { app, environment: "" },
    { app, environment },
  ].filter(
    (scope, index, all) => all.findIndex((one) => layerId(one) === layerId(scope)) === index,
  );

export const createTimeline = ({ base, log }: StoreRecord): Timeline => {
  const layers = new Map<string, Map<string, StoredEntry>>();
  const resolved = new Map<string, Effective>();
  let next = 0;
  const take = (entry: StoredEntry): void => {
    const layer = layers.get(layerId(entry)) ?? new Map<string, StoredEntry>();
    layers.set(layerId(entry), layer.set(entry.key, entry));
    resolved.clear();
  };
  for (const entry of base.entries) take(entry);
  return {
    moveTo(revision) {
      for (let change = log[next]; change !== undefined && change.revision <= revision; ) {
        take(change);
        next += 1;
        change = log[next];
      }
    },
    effective(scope) {
      const known = resolved.get(layerId(scope));
      if (known !== undefined) return known;
      const made = new Map<string, { value: string; version: number }>();
      for (const layer of layersOf(scope)) {
        for (const { key, value, version } of layers.get(layerId(layer))?.values() ?? []) {
          if (value !== undefined) made.set(key, { value, version });
        }
      }
      resolved.set(layerId(scope), made);
      return made;
    },
    layer: (scope) => [...(layers.get(layerId(scope))?.values() ?? [])],
  };
};
