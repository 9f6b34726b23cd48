import { layerNamesOf } from "./layer-names.ts";
import {
  type CommittedEntry,
  createMemoryLayer,
  type LayerName,
  type MemoryLayer,
} from "./memory-layer.ts";
import { createPositionView, type PositionView } from "./position-view.ts";

/** One committed revision with all that it changed. */
export interface CommittedRevision {
  readonly revision: number;
  readonly committedAt: string;
  readonly message: string;
  readonly entries: readonly CommittedEntry[];
}

/** A run of revisions that follow `after` without a gap. */
export interface CommittedRun {
  readonly epoch: string;
  readonly after: number;
  readonly revisions: readonly CommittedRevision[];
}

/** The apps and environments that exist. */
export interface KnownNames {
  readonly version: number;
  readonly apps: Set<string>;
  readonly environments: ReadonlySet<string>;
}

/** Where a process is in a deployment's history. */
export interface MemoryPoint {
  readonly epoch: string;
  readonly revision: number;
}

/** A layer as it was read, all of one snapshot. */
export interface LoadedLayer extends MemoryPoint {
  readonly name: LayerName;
  /** The newest revision that changed the layer. */
  readonly head: number;
  readonly entries: readonly CommittedEntry[];
}

/** Hears of every run that memory takes in, and of every time that it begins anew. */
export interface MemoryListener {
  committed(run: CommittedRun): void;
  reset(point: MemoryPoint): void;
}

/**
 * The layers that a process holds. All of them are always of one revision: a run is taken in as a whole,
 * between two requests, and a layer that was loaded meanwhile is brought to the same revision first.
 */
export interface LayerMemory {
  point(): MemoryPoint;
  names(): KnownNames;
  /** What a position resolves to, if its layers are here. */
  view(kind: string, app: string, environment: string): PositionView | undefined;
  /** The layers of a position that are not here. */
  missing(kind: string, app: string, environment: string): readonly LayerName[];
  /** To be called before a layer is read: what is committed to it from now on is kept for it. */
  expect(name: LayerName): void;
  /** Counts a layer in; false where it is of another history, or ahead of what is known here. */
  add(loaded: LoadedLayer): boolean;
  /** Takes in what follows the point without a gap; false where it does not follow. */
  take(run: CommittedRun): boolean;
  takeNames(names: KnownNames): void;
  /** Forgets everything, and begins at another point. */
  reset(point: MemoryPoint): void;
  listen(listener: MemoryListener): () => void;
  figures(): { readonly layers: number; readonly bytes: number };
}

interface Position {
  readonly view: PositionView;
  readonly layerIds: readonly string[];
  usedAt: number;
}

const maxPositions = 20_000;

const idOf = ({ app, environment, kind }: LayerName): string => `${kind}/${app}/${environment}`;

/** @param maxBytes past which the layers that were used longest ago are given up */
export const createLayerMemory = (maxBytes: number): LayerMemory => {
  let point: MemoryPoint = { epoch: "", revision: -1 };
  let names: KnownNames = { version: -1, apps: new Set(), environments: new Set() };
  const layers = new Map<string, MemoryLayer>();
  const positions = new Map<string, Position>();
  /** By layer, what was committed since its load began. */
  const expected = new Map<string, CommittedEntry[]>();
  const listeners = new Set<MemoryListener>();
  let uses = 0;

  const bytes = (): number => {
    let total = 0;
    for (const layer of layers.values()) total += layer.bytes();
    return total;
  };

  const forget = (id: string): void => {
    layers.delete(id);
    for (const [position, { layerIds }] of positions) {
      if (layerIds.includes(id)) positions.delete(position);
    }
  };

  /** Never what was added last, so that a layer which is larger than the limit is served all the same. */
  const evict = (justAdded: string): void => {
    let total = bytes();
    if (total <= maxBytes) return;
    const usedAt = new Map<string, number>();
    for (const position of positions.values()) {
      for (const id of position.layerIds)
        usedAt.set(id, Math.max(usedAt.get(id) ?? 0, position.usedAt));
    }
    const oldest = [...layers.keys()].sort((a, b) => (usedAt.get(a) ?? 0) - (usedAt.get(b) ?? 0));
    for (const id of oldest) {
      if (total <= maxBytes) return;
      if (id === justAdded) continue;
      total -= layers.get(id)?.bytes() ?? 0;
      forget(id);
    }
  };

  const takeEntry = (entry: CommittedEntry): void => {
    const id = idOf(entry);
    layers.get(id)?.apply(entry);
    expected.get(id)?.push(entry);
    if (entry.app !== "") names.apps.add(entry.app);
  };

  const openPosition = (id: string, layerNames: readonly LayerName[]): Position | undefined => {
    const layerIds = layerNames.map(idOf);
    const found = layerIds.map((layerId) => layers.get(layerId));
    if (!found.every((layer) => layer !== undefined)) return undefined;
    if (positions.size >= maxPositions) positions.clear();
    const position = { view: createPositionView(found), layerIds, usedAt: 0 };
    positions.set(id, position);
    return position;
  };

  return {
    point: () => point,
    names: () => names,
    view(kind, app, environment) {
      const id = `${kind}/${app}/${environment}`;
      const position = positions.get(id) ?? openPosition(id, layerNamesOf(kind, app, environment));
      if (position === undefined) return undefined;
      uses += 1;
      position.usedAt = uses;
      return position.view;
    },
    missing: (kind, app, environment) =>
      layerNamesOf(kind, app, environment).filter((name) => !layers.has(idOf(name))),
    expect: (name) => {
      if (!expected.has(idOf(name))) expected.set(idOf(name), []);
    },
    add({ entries, epoch, head, name, revision }) {
      const id = idOf(name);
      const since = expected.get(id);
      if (since === undefined || epoch !== point.epoch || revision > point.revision) return false;
      expected.delete(id);
      const layer = createMemoryLayer(name, head, entries);
      for (const entry of since) if (entry.revision > revision) layer.apply(entry);
      layers.set(id, layer);
      evict(id);
      return true;
    },
    take(run) {
      if (run.epoch !== point.epoch || run.after !== point.revision) return false;
      for (const { entries } of run.revisions) for (const entry of entries) takeEntry(entry);
      point = { epoch: run.epoch, revision: run.revisions.at(-1)?.revision ?? point.revision };
      for (const listener of listeners) listener.committed(run);
      return true;
    },
    takeNames: (current) => {
      names = current;
    },
    reset(to) {
      layers.clear();
      positions.clear();
      expected.clear();
      point = to;
      for (const listener of listeners) listener.reset(to);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    figures: () => ({ layers: layers.size, bytes: bytes() }),
  };
};
