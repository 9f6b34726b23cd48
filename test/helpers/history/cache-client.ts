import { setTimeout as sleep } from "node:timers/promises";
import {
  type DocumentName,
  type LayerCache,
  type LayerHead,
  samePoint,
} from "../../../src/layers/cache/layer-cache.ts";
import {
  type DocumentEntry,
  mergeEntries,
  parseDocument,
} from "../../../src/layers/cache/layer-document.ts";
import type { CacheRecord, Scope, StoredEntry } from "./history.ts";
import { scopes } from "./shared.ts";

const layers = scopes.map((scope) => ({ kind: "config", ...scope }));
const pauseMs = 10;

/** Reads the shared cache all the time, as a process would that starts anew. */
export const watchCache = async (
  cache: LayerCache,
  isRunning: () => boolean,
  records: CacheRecord[],
): Promise<void> => {
  let seen: object | undefined;
  while (isRunning()) {
    const record = await readCache(cache).catch(() => undefined);
    const isNews = record?.kind === "broken" || JSON.stringify(record) !== JSON.stringify(seen);
    if (record !== undefined && isNews) records.push(record);
    seen = record;
    await sleep(pauseMs);
  }
};

/** Undefined where it is empty, or was moved meanwhile. */
export const readCache = async (cache: LayerCache): Promise<CacheRecord | undefined> => {
  const before = await cache.readHeads(layers);
  if (before === undefined) return undefined;
  const { epoch, revision } = before.point;
  const names = layers.map((layer, index) =>
    chainOf(before.heads[index]).map(
      (ref): DocumentName => ({ epoch, layer, revision: ref.revision, hash: ref.hash }),
    ),
  );
  const texts = await cache.readDocuments(names.flat());
  const parsed = names.flat().map((name, index) => {
    const text = texts[index];
    return { name, document: text === undefined ? undefined : parseDocument(name, text) };
  });
  const missing = parsed.find(({ document }) => document === undefined);
  if (missing !== undefined) {
    // Documents may go when no head names them any more.
    const after = await cache.readHeads([]);
    if (!samePoint(before.point, after?.point)) return undefined;
    const { app, environment } = missing.name.layer;
    const detail = `the head of ${app}/${environment} at ${revision} names a document of ${missing.name.revision} that is not there`;
    return { kind: "broken", detail };
  }
  const set = layers.map(({ app, environment }, index) => {
    const lists = parsed
      .filter(({ name }) => name.layer === layers[index])
      .flatMap(({ document }) => (document === undefined ? [] : [document.entries]));
    return {
      app,
      environment,
      entries: mergeEntries(lists).map((one) => toStored(one, { app, environment })),
    };
  });
  return { kind: "set", revision, layers: set };
};

const chainOf = (head: LayerHead | undefined) =>
  head === undefined ? [] : [head.full, ...head.deltas];

const toStored = ({ deleted, key, value, version }: DocumentEntry, scope: Scope): StoredEntry => ({
  ...scope,
  key,
  version,
  ...(deleted ? {} : { value: value as string }),
});
