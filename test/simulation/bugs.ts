import type { EdgeProcess } from "../../src/edge/edge-process.ts";
import type { DocumentName, LayerCache } from "../../src/layers/cache/layer-cache.ts";
import type { ReadableCache } from "../../src/layers/cache/read-cached-layers.ts";
import type { Committed } from "../../src/layers/memory/read-committed.ts";

/** What the simulation must notice. */
export type Bug =
  | "heads go before their documents"
  | "a revision is taken without the one before"
  | "a delta is taken without the one before"
  | "the lease begins with the answer"
  | "a miss of KV is an empty layer"
  /** Only where those who parse it do not look at its hash either. */
  | "a text of KV is believed"
  | "nothing is asked again past the lease";

/** A publisher that moves heads first. */
export const publishesLike = (bug: Bug | undefined, cache: LayerCache): LayerCache => {
  if (bug !== "heads go before their documents") return cache;
  let waiting: Parameters<LayerCache["putDocuments"]>[0][number][] = [];
  return {
    ...cache,
    async putDocuments(documents) {
      waiting.push(...documents);
    },
    async moveHeads(move) {
      const documents = waiting;
      waiting = [];
      const isMoved = await cache.moveHeads(move);
      await cache.putDocuments(documents);
      return isMoved;
    },
  };
};

/** An isolate that passes over what leads to the newest revision. */
export const committedLike = (bug: Bug | undefined, told: Committed | undefined) => {
  if (bug !== "a revision is taken without the one before" || told?.run === undefined) return told;
  return { ...told, run: { ...told.run, revisions: told.run.revisions.slice(-1) } };
};

/** An isolate that makes too much of heads, or too little of KV's answers. */
export const documentsLike = (
  bug: Bug | undefined,
  documents: ReadableCache,
  textInKv: (name: DocumentName) => string | undefined,
): ReadableCache => ({
  async readDocuments(names) {
    const read = await documents.readDocuments(names);
    if (bug !== "a text of KV is believed") return read;
    return names.map((name, index) => textInKv(name) ?? read[index]);
  },
  async readHeads(layers) {
    const found = await documents.readHeads(layers);
    if (found === undefined) return undefined;
    const heads = found.heads.map((head, index) => {
      const layer = layers[index];
      if (head === undefined || layer === undefined) return head;
      const { epoch } = found.point;
      if (bug === "a delta is taken without the one before" && head.deltas.length > 1) {
        return { ...head, deltas: head.deltas.slice(1) };
      }
      const isMissed = bug === "a miss of KV is an empty layer";
      return isMissed && textInKv({ epoch, layer, ...head.full }) === undefined ? undefined : head;
    });
    return { ...found, heads };
  },
});

/** An isolate that takes what it holds for newer than it is. */
export const processLike = (bug: Bug | undefined, process: EdgeProcess): EdgeProcess => {
  if (bug === "nothing is asked again past the lease") {
    return { ...process, ageMs: () => (process.ageMs() < Number.POSITIVE_INFINITY ? 0 : 1e9) };
  }
  if (bug !== "the lease begins with the answer") return process;
  const { layers } = process;
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  const ageMs = (): number => performance.now() - answeredAtMs;
  return {
    ...process,
    ageMs,
    layers: {
      ...layers,
      ageMs,
      countRead: (promisedMs) => (ageMs() <= promisedMs ? undefined : ageMs()),
    },
    async follow(handle) {
      await process.follow(handle);
      answeredAtMs = performance.now();
    },
  };
};
