import type { FieldError } from "../errors.ts";
import { describeScope } from "../platform/names.ts";
import type { PlannedEntry } from "./preview-effective.ts";
import { findEntry, type LayerState, layerId, type State } from "./state.ts";
import type { Visibility } from "./visibility.ts";

/** A layer of this many keys or more is guarded against changes of more than half of it. */
const guardedLayerKeys = 20;

interface LayerChange {
  readonly layer: LayerState;
  readonly keysBefore: number;
  /** Keys that existed and are deleted or changed. */
  readonly touched: number;
  readonly added: number;
}

/** What a change set does to each layer that it touches, and the layers as it leaves them. */
export const layerChanges = (state: State, planned: readonly PlannedEntry[]): LayerChange[] => {
  const changes = new Map<
    string,
    { touched: number; added: number; removed: number; of: LayerState }
  >();
  for (const { next } of planned) {
    const id = layerId(next.kind, next.app, next.environment);
    const of = state.layers.get(id) ?? { ...scopeOfEntry(next), headRevision: 0, entryCount: 0 };
    const change = changes.get(id) ?? { touched: 0, added: 0, removed: 0, of };
    const current = findEntry(state, next);
    if (current === undefined || current.deleted) change.added += 1;
    else change.touched += 1;
    if (next.deleted) change.removed += 1;
    changes.set(id, change);
  }
  return [...changes.values()].map(({ of, added, removed, touched }) => ({
    layer: {
      kind: of.kind,
      app: of.app,
      environment: of.environment,
      headRevision: state.revision + 1,
      entryCount: of.entryCount + added - removed,
    },
    keysBefore: of.entryCount,
    touched,
    added,
  }));
};

const scopeOfEntry = ({ kind, app, environment }: LayerState | PlannedEntry["next"]) => ({
  kind,
  app,
  environment,
});

/** Why a change set needs `allowLargeChange`; empty where it does not. Counts only what may be seen whole. */
export const largeChangeErrors = (
  changes: readonly LayerChange[],
  visibility: Visibility,
): FieldError[] =>
  changes.flatMap(({ layer, keysBefore, touched }) => {
    const name = `the ${layer.kind} layer ${describeScope(layer.app, layer.environment)}`;
    const isCounted = visibility.seesLayer(layer);
    if (keysBefore > 0 && layer.entryCount === 0) {
      const message = `empties ${name}${isCounted ? ` of its ${keysBefore} keys` : ""}`;
      return [{ path: "operations", message }];
    }
    if (keysBefore >= guardedLayerKeys && touched > keysBefore / 2) {
      const part = isCounted ? `${touched} of the ${keysBefore} keys` : "more than half";
      return [{ path: "operations", message: `deletes or changes ${part} of ${name}` }];
    }
    return [];
  });

/** Layers that the change set would grow past `maxKeys`. */
export const layerSizeErrors = (
  changes: readonly LayerChange[],
  maxKeys: number,
  visibility: Visibility,
): FieldError[] =>
  changes
    .filter(({ layer, added }) => added > 0 && layer.entryCount > maxKeys)
    .map(({ layer }) => ({
      path: "operations",
      message: `the ${layer.kind} layer ${describeScope(layer.app, layer.environment)} would have ${visibility.seesLayer(layer) ? layer.entryCount : "too many"} keys; the limit is ${maxKeys}`,
    }));
