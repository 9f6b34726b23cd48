import { layerNamesOf } from "./layer-names.ts";
import type { CommittedEntry, LayerName, MemoryLayer } from "./memory-layer.ts";
import { createPositionView, type PositionView } from "./position-view.ts";

/** A layer with its place in the order of use. */
interface Slot {
  readonly layer: MemoryLayer;
  usedAt: number;
}

interface Position {
  readonly view: PositionView;
  readonly slots: readonly Slot[];
}

/** The layers that a process holds, within a limit of bytes. */
export interface LayerShelf {
  readonly maxBytes: number;
  readonly slots: Map<string, Slot>;
  readonly positions: Map<string, Position>;
  /** How many readers need a layer to stay, by its id. */
  readonly held: Map<string, number>;
  bytes: number;
  uses: number;
}

const maxPositions = 20_000;
/** Room is made for some time, so that not every layer that comes costs a sort. */
const roomAfterEviction = 0.1;

export const idOf = ({ app, environment, kind }: LayerName): string =>
  `${kind}/${app}/${environment}`;

export const createLayerShelf = (maxBytes: number): LayerShelf => ({
  maxBytes,
  slots: new Map(),
  positions: new Map(),
  held: new Map(),
  bytes: 0,
  uses: 0,
});

export const clearShelf = (shelf: LayerShelf): void => {
  shelf.slots.clear();
  shelf.positions.clear();
  shelf.bytes = 0;
};

/** Puts a layer on the shelf, in the place of what was known of it. */
export const putLayer = (shelf: LayerShelf, layer: MemoryLayer): void => {
  const id = idOf(layer.name);
  removeLayers(shelf, new Set([id]));
  shelf.slots.set(id, { layer, usedAt: 0 });
  shelf.bytes += layer.bytes();
};

export const applyEntry = (shelf: LayerShelf, entry: CommittedEntry): void => {
  const layer = shelf.slots.get(idOf(entry))?.layer;
  if (layer === undefined) return;
  const before = layer.bytes();
  layer.apply(entry);
  shelf.bytes += layer.bytes() - before;
};

/** What a position resolves to, if all its layers are on the shelf; they count as used then. */
export const viewOf = (
  shelf: LayerShelf,
  kind: string,
  app: string,
  environment: string,
): PositionView | undefined => {
  const id = idOf({ kind, app, environment });
  const position =
    shelf.positions.get(id) ?? openPosition(shelf, id, layerNamesOf(kind, app, environment));
  if (position === undefined) return undefined;
  shelf.uses += 1;
  for (const slot of position.slots) slot.usedAt = shelf.uses;
  return position.view;
};

const openPosition = (
  shelf: LayerShelf,
  id: string,
  names: readonly LayerName[],
): Position | undefined => {
  const slots = names.map((name) => shelf.slots.get(idOf(name)));
  if (!slots.every((slot) => slot !== undefined)) return undefined;
  if (shelf.positions.size >= maxPositions) shelf.positions.clear();
  const position = { view: createPositionView(slots.map(({ layer }) => layer)), slots };
  shelf.positions.set(id, position);
  return position;
};

/** Keeps layers, as soon as they are here, until the answer is called. */
export const holdLayers = (shelf: LayerShelf, names: readonly LayerName[]): (() => void) => {
  const { held } = shelf;
  const ids = names.map(idOf);
  for (const id of ids) held.set(id, (held.get(id) ?? 0) + 1);
  return () => {
    for (const id of ids) {
      const others = (held.get(id) ?? 1) - 1;
      if (others === 0) held.delete(id);
      else held.set(id, others);
    }
    evict(shelf);
  };
};

/**
 * Gives up what was used longest ago, down to the limit; never what is needed by a reader, nor what was
 * used last: layers that are larger than the limit are served all the same.
 */
export const evict = (shelf: LayerShelf): void => {
  if (shelf.bytes <= shelf.maxBytes) return;
  const enough = shelf.maxBytes * (1 - roomAfterEviction);
  const gone = new Set<string>();
  let { bytes } = shelf;
  const oldest = [...shelf.slots].sort(([, a], [, b]) => a.usedAt - b.usedAt);
  for (const [id, { layer, usedAt }] of oldest) {
    if (bytes <= enough || (usedAt > 0 && usedAt === shelf.uses)) break;
    if (shelf.held.has(id)) continue;
    gone.add(id);
    bytes -= layer.bytes();
  }
  removeLayers(shelf, gone);
};

const removeLayers = (shelf: LayerShelf, ids: ReadonlySet<string>): void => {
  const gone = new Set<Slot>();
  for (const id of ids) {
    const slot = shelf.slots.get(id);
    if (slot === undefined) continue;
    gone.add(slot);
    shelf.bytes -= slot.layer.bytes();
    shelf.slots.delete(id);
  }
  if (gone.size === 0) return;
  for (const [id, { slots }] of shelf.positions) {
    if (slots.some((slot) => gone.has(slot))) shelf.positions.delete(id);
  }
};

/** The layers in use, those that were used last first. */
export const lastUsed = (shelf: LayerShelf): MemoryLayer[] =>
  [...shelf.slots.values()].sort((a, b) => b.usedAt - a.usedAt).map(({ layer }) => layer);
