import type { LoadedLayer, MemoryPoint } from "../memory/layer-memory.ts";
import type { LayerName } from "../memory/memory-layer.ts";
import type {
  CachedHeads,
  CachedNames,
  CachePoint,
  DocumentName,
  LayerCache,
  LayerHead,
} from "./layer-cache.ts";
import { type DocumentEntry, mergeEntries, parseDocument, toLayerEntry } from "./layer-document.ts";

export interface CachedLayer extends LoadedLayer {
  /** Whether `entries` are all that there are, or those that have changed since what is held. */
  readonly isWhole: boolean;
}

/** Layers of one moment. */
export interface CachedSet {
  readonly point: CachePoint;
  /** As they were asked for. */
  readonly layers: readonly CachedLayer[];
  readonly names: CachedNames;
}

/** A cache as far as readers need it. */
export type ReadableCache = Pick<LayerCache, "readDocuments" | "readHeads">;

/** Each one reads the heads anew, since documents go when no head needs them any more. */
const maxAttempts = 4;

/**
 * Reads layers from a shared cache, all as one revision left them. Who holds them already, as of `held`,
 * gets what has changed since. Undefined where the cache is empty or incomplete, of another epoch than
 * what is held, or behind it.
 */
export const readCachedLayers = async (
  cache: ReadableCache,
  names: readonly LayerName[],
  held?: MemoryPoint,
): Promise<CachedSet | undefined> => {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const heads = await cache.readHeads(names);
    if (heads === undefined || isBehind(heads, held)) return undefined;
    const layers = await readSet(cache, heads, names, held?.revision ?? -1);
    if (layers !== undefined) return { point: heads.point, names: heads.names, layers };
  }
  return undefined;
};

/** As `readCachedLayers`, for one layer. */
export const readCachedLayer = async (
  cache: ReadableCache,
  name: LayerName,
  held?: MemoryPoint,
): Promise<CachedLayer | undefined> => (await readCachedLayers(cache, [name], held))?.layers[0];

const isBehind = ({ point }: CachedHeads, held: MemoryPoint | undefined): boolean =>
  held !== undefined && (point.epoch !== held.epoch || point.revision < held.revision);

/** Undefined where a document is missing or not what its head says. */
const readSet = async (
  cache: ReadableCache,
  { heads, point }: CachedHeads,
  names: readonly LayerName[],
  heldRevision: number,
): Promise<readonly CachedLayer[] | undefined> => {
  const { epoch } = point;
  const wanted = names.map((layer, index) =>
    documentsAfter(heads[index], heldRevision).map(
      ({ hash, revision }): DocumentName => ({ epoch, layer, revision, hash }),
    ),
  );
  const texts = await cache.readDocuments(wanted.flat());
  const layers: CachedLayer[] = [];
  let place = 0;
  for (const [index, name] of names.entries()) {
    const head = heads[index];
    const lists: (readonly DocumentEntry[])[] = [];
    let isWhole = head === undefined;
    for (const document of wanted[index] ?? []) {
      const text = texts[place];
      place += 1;
      const parsed = text === undefined ? undefined : parseDocument(document, text);
      if (parsed === undefined) return undefined;
      isWhole ||= parsed.after === null;
      lists.push(parsed.entries);
    }
    const entries = mergeEntries(lists).map((entry) => toLayerEntry(name, entry));
    const changedAt = head?.changedAt ?? 0;
    layers.push({ epoch, revision: point.revision, name, head: changedAt, entries, isWhole });
  }
  return layers;
};

/** What of a chain is new to somebody who holds the layer as of a revision. */
const documentsAfter = (head: LayerHead | undefined, heldRevision: number) => {
  if (head === undefined || head.changedAt <= heldRevision) return [];
  const deltas = head.deltas.filter(({ revision }) => revision > heldRevision);
  return heldRevision >= head.full.revision ? deltas : [head.full, ...head.deltas];
};
