import { type CachedHeads, type DocumentName, layerIdOf } from "../layers/cache/layer-cache.ts";
import { hashOf } from "../layers/cache/layer-document.ts";
import type { ReadableCache } from "../layers/cache/read-cached-layers.ts";
import type { LayerName } from "../layers/memory/memory-layer.ts";
import type { CopyStore } from "./authority/copy-documents.ts";
import { copyNameOf } from "./copy-names.ts";
import { type DocumentPart, type PartName, readInParts } from "./document-parts.ts";

/** The head authority as documents are read from it: a stub of the Durable Object. */
interface AuthorityDocuments {
  readHeads(layers: readonly LayerName[]): Promise<CachedHeads | undefined>;
  readParts(wanted: readonly PartName[]): Promise<readonly (DocumentPart | undefined)[]>;
}

interface EdgeDocumentsOptions {
  readonly authority: AuthorityDocuments;
  /** KV, where it is bound. */
  readonly store: Pick<CopyStore, "get"> | undefined;
  /** Past this KV counts as having missed. */
  readonly storeTimeoutMs?: number;
}

/**
 * Documents of an edge: from KV where it has them, else from the head authority. KV may answer late, say
 * for a minute that it has nothing, or hold anything: a text counts by its hash alone.
 */
export const edgeDocuments = ({
  authority,
  store,
  storeTimeoutMs = 500,
}: EdgeDocumentsOptions): ReadableCache => {
  const readCopies = (wanted: readonly PartName[]) =>
    Promise.all(wanted.map((one) => readCopy(store, one, storeTimeoutMs)));
  return {
    readHeads: (layers) => authority.readHeads(layers),
    async readDocuments(names) {
      const copies = await readInParts(names, readCopies);
      const isWrong = (index: number): boolean => {
        const text = copies[index];
        return text === undefined || hashOf(text) !== names[index]?.hash;
      };
      const missing = [...names.keys()].filter(isWrong);
      if (missing.length === 0) return copies;
      const wanted = missing.flatMap((index) => names[index] ?? []);
      const read = await readInParts(wanted, (parts) => authority.readParts(parts));
      const found = new Map(missing.map((index, place) => [index, read[place]]));
      return copies.map((text, index) => (found.has(index) ? found.get(index) : text));
    },
  };
};

const readCopy = async (
  store: Pick<CopyStore, "get"> | undefined,
  { name, part }: PartName,
  timeoutMs: number,
): Promise<DocumentPart | undefined> => {
  if (store === undefined) return undefined;
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), timeoutMs);
  try {
    const asked = store.get(copyNameOf(idOf(name), part)).catch(() => null);
    const text = await Promise.race([asked, late]);
    return text === null ? undefined : parseCopy(text);
  } finally {
    clearTimeout(timer);
  }
};

const idOf = ({ epoch, hash, layer, revision }: DocumentName) => ({
  epoch,
  layer: layerIdOf(layer),
  revision,
  hash,
});

/** A copy begins with the number of parts. */
const parseCopy = (copy: string): DocumentPart | undefined => {
  const [, count, text] = /^([1-9]\d{0,5}):(.*)$/s.exec(copy) ?? [];
  return count === undefined || text === undefined ? undefined : { of: Number(count), text };
};
