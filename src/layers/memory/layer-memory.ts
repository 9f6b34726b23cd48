import { layerNamesOf } from "./layer-names.ts";
import {
  applyEntry,
  clearShelf,
  createLayerShelf,
  evict,
  holdLayers,
  idOf,
  type LayerShelf,
  lastUsed,
  putLayer,
  viewOf,
} from "./layer-shelf.ts";
import {
  type CommittedEntry,
  createMemoryLayer,
  type LayerName,
  type MemoryLayer,
} from "./memory-layer.ts";
import type { PositionView } from "./position-view.ts";

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
interface MemoryListener {
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
  /** What a position resolves to, if its layers are here. To be used before anything is awaited. */
  view(kind: string, app: string, environment: string): PositionView | undefined;
  /** The layers of a position that are not here. */
  missing(kind: string, app: string, environment: string): readonly LayerName[];
  has(name: LayerName): boolean;
  /** Keeps a position's layers, once they are here, until the answer is called. */
  hold(kind: string, app: string, environment: string): () => void;
  /** To be called before a layer is read: what is committed to it from now on is kept for it. */
  expect(name: LayerName): void;
  /** The end of that, whether the layer came or not. */
  unexpect(name: LayerName): void;
  /**
   * Counts a layer in; false where it is of another history, ahead of what is known here, or of before
   * it was expected.
   */
  add(loaded: LoadedLayer): boolean;
  /** Takes in what follows the point without a gap; false where it does not follow. */
  take(run: CommittedRun): boolean;
  /** Takes in the names of a history, if it is the one that is known here. */
  takeNames(names: KnownNames, epoch: string): void;
  /** Forgets everything, and begins at another point; with the names there, if they are others. */
  reset(point: MemoryPoint, names?: KnownNames): void;
  listen(listener: MemoryListener): () => void;
  /** The layers that are here, those that were used last first. */
  lastUsed(): readonly MemoryLayer[];
  figures(): MemoryFigures;
}

export interface MemoryFigures {
  readonly layers: number;
  readonly bytes: number;
  /** Layers that are being read. */
  readonly expected: number;
}

interface ExpectedLayer {
  /** The revision at which the load began. */
  readonly from: number;
  readonly entries: CommittedEntry[];
}

interface Memory {
  point: MemoryPoint;
  names: KnownNames;
  readonly shelf: LayerShelf;
  /** By layer, what was committed since its load began. */
  readonly expected: Map<string, ExpectedLayer>;
  readonly listeners: Set<MemoryListener>;
}

/** @param maxBytes past which the layers that were used longest ago are given up */
export const createLayerMemory = (maxBytes: number): LayerMemory => {
  const memory: Memory = {
    point: { epoch: "", revision: -1 },
    names: { version: -1, apps: new Set(), environments: new Set() },
    shelf: createLayerShelf(maxBytes),
    expected: new Map(),
    listeners: new Set(),
  };
  const { expected, listeners, shelf } = memory;
  return {
    point: () => memory.point,
    names: () => memory.names,
    view: (kind, app, environment) => viewOf(shelf, kind, app, environment),
    missing: (kind, app, environment) =>
      layerNamesOf(kind, app, environment).filter((name) => !shelf.slots.has(idOf(name))),
    has: (name) => shelf.slots.has(idOf(name)),
    hold: (kind, app, environment) => holdLayers(shelf, layerNamesOf(kind, app, environment)),
    expect: (name) => {
      if (expected.has(idOf(name))) return;
      expected.set(idOf(name), { from: memory.point.revision, entries: [] });
    },
    unexpect: (name) => expected.delete(idOf(name)),
    add: (loaded) => addLayer(memory, loaded),
    take: (run) => takeRun(memory, run),
    takeNames: (names, epoch) => takeNames(memory, names, epoch),
    reset: (point, names) => beginAnew(memory, point, names),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    lastUsed: () => lastUsed(shelf),
    figures: () => ({
      layers: shelf.slots.size,
      bytes: shelf.bytes,
      expected: expected.size,
    }),
  };
};

const addLayer = (
  { expected, point, shelf }: Memory,
  { entries, epoch, head, name, revision }: LoadedLayer,
): boolean => {
  const id = idOf(name);
  const since = expected.get(id);
  if (since === undefined || epoch !== point.epoch || revision > point.revision) return false;
  // Between the two something was committed that nobody has kept.
  if (revision < since.from) return false;
  expected.delete(id);
  const layer = createMemoryLayer(name, head, entries);
  for (const entry of since.entries) if (entry.revision > revision) layer.apply(entry);
  putLayer(shelf, layer);
  evict(shelf);
  return true;
};

const takeRun = (memory: Memory, run: CommittedRun): boolean => {
  const { expected, listeners, names, point, shelf } = memory;
  if (run.epoch !== point.epoch || run.after !== point.revision) return false;
  const last = run.revisions.at(-1);
  if (last === undefined) return true;
  for (const { entries } of run.revisions) {
    for (const entry of entries) {
      applyEntry(shelf, entry);
      expected.get(idOf(entry))?.entries.push(entry);
      if (entry.app !== "") names.apps.add(entry.app);
    }
  }
  memory.point = { epoch: run.epoch, revision: last.revision };
  evict(shelf);
  for (const listener of listeners) listener.committed(run);
  return true;
};

/** What was read earlier may come later, and then it knows less. */
const takeNames = (memory: Memory, read: KnownNames, epoch: string): void => {
  const { names, point } = memory;
  if (epoch !== point.epoch || read.version < names.version) return;
  // An app never goes away, and one may have come into being since this was read.
  memory.names = { ...read, apps: new Set([...names.apps, ...read.apps]) };
};

const beginAnew = (memory: Memory, point: MemoryPoint, names: KnownNames | undefined): void => {
  clearShelf(memory.shelf);
  memory.expected.clear();
  memory.point = point;
  memory.names = names ?? memory.names;
  for (const listener of memory.listeners) listener.reset(point);
};
