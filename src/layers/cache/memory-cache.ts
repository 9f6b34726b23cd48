import {
  type CachedNames,
  type CachePoint,
  type DocumentName,
  isForward,
  type LayerCache,
  type LayerHead,
  layerIdOf,
  samePoint,
} from "./layer-cache.ts";

interface Stored {
  readonly name: DocumentName;
  readonly text: string;
}

/** A cache in the memory of one process. */
export const createMemoryCache = (): LayerCache => {
  let point: CachePoint | undefined;
  let replaced: string | undefined;
  let names: CachedNames = { apps: [], environments: [] };
  let heads = new Map<string, LayerHead>();
  const documents = new Map<string, Map<string, Stored>>();
  return {
    async readHeads(layers) {
      if (point === undefined) return undefined;
      return { point, replaced, names, heads: layers.map((name) => heads.get(layerIdOf(name))) };
    },
    async moveHeads(move) {
      if (!samePoint(point, move.from) || !isForward(move.from, move.to)) return false;
      if (move.isWhole) heads = new Map();
      for (const [name, head] of move.heads) heads.set(layerIdOf(name), head);
      if (point !== undefined && point.epoch !== move.to.epoch) replaced = point.epoch;
      names = move.names ?? names;
      point = move.to;
      return true;
    },
    async putDocuments(added) {
      for (const { name, text } of added) {
        const group = documents.get(groupOf(name)) ?? new Map<string, Stored>();
        documents.set(groupOf(name), group.set(idOf(name), { name, text }));
      }
    },
    readDocuments: async (wanted) =>
      wanted.map((name) => documents.get(groupOf(name))?.get(idOf(name))?.text),
    async sweepDocuments(epoch, layer, isSurplus) {
      const group = documents.get(groupOf({ epoch, layer })) ?? new Map<string, Stored>();
      for (const [id, { name }] of group) if (isSurplus(name)) group.delete(id);
      return [...group.values()].map(({ name }) => name);
    },
    async removeEpoch(epoch) {
      for (const group of documents.keys()) {
        if (group.startsWith(`${epoch}/`)) documents.delete(group);
      }
    },
    async close() {},
  };
};

const groupOf = ({ epoch, layer }: Pick<DocumentName, "epoch" | "layer">): string =>
  `${epoch}/${layerIdOf(layer)}`;

const idOf = ({ hash, revision }: DocumentName): string => `${revision}-${hash}`;
