import type { Tx } from "../../platform/sql.ts";
import type { LayerName } from "../memory/memory-layer.ts";
import {
  type CachePoint,
  type DeltaRef,
  type DocumentName,
  type DocumentRef,
  type LayerCache,
  type LayerHead,
  layerIdOf,
} from "./layer-cache.ts";
import {
  composeDocument,
  type DocumentEntry,
  mergeEntries,
  parseDocument,
} from "./layer-document.ts";
import { planChain } from "./plan-chain.ts";
import { type ChangedLayer, readDeltaTexts, readFullText } from "./read-changed.ts";

interface LayerToPublish extends ChangedLayer {
  /** As the cache has it. */
  readonly head: LayerHead | undefined;
}

interface Publication {
  readonly cache: LayerCache;
  readonly signal: AbortSignal;
  /** The cache has everything up to here. */
  readonly after: number;
  readonly to: CachePoint;
  readonly layers: readonly LayerToPublish[];
}

export type PublishedHead = readonly [LayerName, LayerHead];

/** More than this at once is published whole. */
const maxDeltaEntries = 5_000;

/** Layers that are under way, and in memory, at one time. */
const layersAtOnce = 4;

/** Puts the documents of changed layers into a cache, and answers the heads that name them. */
export const publishDocuments = async (
  tx: Tx,
  publication: Publication,
): Promise<readonly PublishedHead[]> => {
  const { after, layers, signal, to } = publication;
  const small = layers.filter(
    ({ head, versions = Number.POSITIVE_INFINITY }) =>
      head !== undefined && versions <= maxDeltaEntries,
  );
  const deltas = await readDeltaTexts(
    tx,
    small.map(({ name }) => name),
    { after, to: to.revision },
  );
  const heads: PublishedHead[] = [];
  for (let start = 0; start < layers.length; start += layersAtOnce) {
    signal.throwIfAborted();
    const group = layers.slice(start, start + layersAtOnce);
    const made = group.map(async (layer): Promise<PublishedHead> => {
      const delta = deltas.get(layerIdOf(layer.name));
      return [layer.name, await publishLayer(tx, publication, layer, delta)];
    });
    heads.push(...(await allSettled(made)));
  }
  return heads;
};

/** Waits for all of them also where one fails: a transaction must not end while it is in use. */
const allSettled = async <Result>(promises: readonly Promise<Result>[]): Promise<Result[]> => {
  await Promise.allSettled(promises);
  return Promise.all(promises);
};

const publishLayer = async (
  tx: Tx,
  publication: Publication,
  layer: LayerToPublish,
  delta: string | undefined,
): Promise<LayerHead> => {
  const { changedAt, head } = layer;
  const appended =
    head === undefined || delta === undefined
      ? undefined
      : await appendDelta(publication, { ...layer, head }, delta);
  if (appended !== undefined && head !== undefined) {
    return { changedAt, full: head.full, deltas: appended };
  }
  const entries = await readFullText(tx, layer.name);
  return { changedAt, full: await put(publication, layer.name, null, entries), deltas: [] };
};

/** Undefined where a full document is due. */
const appendDelta = async (
  publication: Publication,
  { head, name }: LayerToPublish & { readonly head: LayerHead },
  entries: string,
): Promise<readonly DeltaRef[] | undefined> => {
  const { after, cache, to } = publication;
  const hasChain = await sweep(cache, to.epoch, name, head);
  const plan = planChain(head, Buffer.byteLength(entries));
  if (!hasChain || plan.kind === "full") return undefined;
  const { level, merged } = plan;
  if (merged.length === 0) {
    const ref = await put(publication, name, after, entries);
    return [...head.deltas, { ...ref, level }];
  }
  const older = await readMerged(cache, to.epoch, name, merged);
  if (older === undefined) return undefined;
  const added = JSON.parse(entries) as DocumentEntry[];
  const all = mergeEntries([...older.entries, added]);
  const ref = await put(publication, name, older.after, JSON.stringify(all));
  return [...head.deltas.slice(0, -merged.length), { ...ref, level }];
};

/**
 * Removes what no reader of these heads or later ones needs; false where something is missing that they
 * do need. What is newer than the chain stays: it may be another publisher's, who is ahead.
 */
const sweep = async (
  cache: LayerCache,
  epoch: string,
  name: LayerName,
  { deltas, full }: LayerHead,
): Promise<boolean> => {
  const chain = [full, ...deltas];
  const needed = new Set(chain.map(({ hash }) => hash));
  const newest = chain.at(-1)?.revision ?? 0;
  const left = await cache.sweepDocuments(
    epoch,
    name,
    ({ hash, revision }) => revision < newest && !needed.has(hash),
  );
  const found = new Set(left.map(({ hash }) => hash));
  return chain.every(({ hash }) => found.has(hash));
};

const readMerged = async (
  cache: LayerCache,
  epoch: string,
  layer: LayerName,
  refs: readonly DocumentRef[],
) => {
  const names = refs.map(({ hash, revision }): DocumentName => ({ epoch, layer, revision, hash }));
  const texts = await cache.readDocuments(names);
  const documents = names.map((name, index) => {
    const text = texts[index];
    return text === undefined ? undefined : parseDocument(name, text);
  });
  const whole = documents.filter((document) => document !== undefined);
  const [first] = whole;
  if (whole.length < names.length || typeof first?.after !== "number") return undefined;
  return { after: first.after, entries: whole.map(({ entries }) => entries) };
};

const put = async (
  { cache, to }: Publication,
  layer: LayerName,
  after: number | null,
  entries: string,
): Promise<DocumentRef> => {
  const { epoch, revision } = to;
  const { name, ref, text } = composeDocument({ epoch, layer, revision, after }, entries);
  await cache.putDocuments([{ name, text }]);
  return ref;
};
