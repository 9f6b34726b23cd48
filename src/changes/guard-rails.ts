import type { FieldError } from "../errors.ts";
import { describeScope } from "../platform/names.ts";
import type { PlannedEntry } from "./preview-effective.ts";
import { findEntry, type LayerState, layerId, type State } from "./state.ts";
import type { Visibility } from "./visibility.ts";

/** A layer of this many keys or more is guarded against changes of more than half of it. */
export const guardedLayerKeys = 20;

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

/**
 * Why a change set needs `allowLargeChange`; empty where it does not. A layer that is seen in part is
 * judged as if nothing else were in it, by `visibleKeys`: so what is hidden makes no difference.
 */
export const largeChangeErrors = (
  changes: readonly LayerChange[],
  visibility: Visibility,
  visibleKeys: ReadonlyMap<string, number> = new Map(),
): FieldError[] =>
  changes.flatMap(({ layer, keysBefore, touched }) => {
    const { app, environment, entryCount, kind } = layer;
    const known = visibility.seesLayer(layer)
      ? keysBefore
      : (visibleKeys.get(layerId(kind, app, environment)) ?? 0);
    const left = known + entryCount - keysBefore;
    const name = `the ${kind} layer ${describeScope(app, environment)}`;
    if (known > 0 && left === 0) {
      return [{ path: "operations", message: `empties ${name} of its ${known} keys` }];
    }
    if (known >= guardedLayerKeys && touched > known / 2) {
      const part = `${touched} of the ${known} keys`;
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
