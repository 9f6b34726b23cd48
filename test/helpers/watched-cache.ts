import type { LayerCache } from "../../src/layers/cache/layer-cache.ts";

export interface WatchedCache extends LayerCache {
  /** What has been written and read through it so far. */
  readonly counts: {
    documentsPut: number;
    bytesPut: number;
    documentsRead: number;
    bytesRead: number;
  };
  /** Called before heads are moved; what it waits for, they wait for. */
  beforeMove: () => Promise<void>;
}

/** A cache that counts what passes, and lets a test stand in the way. */
export const watchCache = (cache: LayerCache): WatchedCache => {
  const watched: WatchedCache = {
    ...cache,
    counts: { documentsPut: 0, bytesPut: 0, documentsRead: 0, bytesRead: 0 },
    beforeMove: async () => {},
    async moveHeads(move) {
      await watched.beforeMove();
      return cache.moveHeads(move);
    },
    putDocuments(documents) {
      watched.counts.documentsPut += documents.length;
      for (const { text } of documents) watched.counts.bytesPut += Buffer.byteLength(text);
      return cache.putDocuments(documents);
    },
    async readDocuments(names) {
      const texts = await cache.readDocuments(names);
      watched.counts.documentsRead += names.length;
      for (const text of texts) watched.counts.bytesRead += Buffer.byteLength(text ?? "");
      return texts;
    },
  };
  return watched;
};
