import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import type { CommittedRun } from "../memory/layer-memory.ts";
import {
  type CachedHeads,
  type CachedNames,
  type CachePoint,
  type LayerCache,
  samePoint,
} from "./layer-cache.ts";
import { type PublishedHead, publishDocuments } from "./publish-documents.ts";
import { readChangedLayers, readNames, readNewestPoint, readRun } from "./read-changed.ts";

interface Publishing {
  readonly cache: LayerCache;
  readonly sql: Sql;
  /** Those whose layers readers see. */
  readonly kinds: readonly string[];
  /** Whether the epoch is new to the publisher, so that an older one's documents may be left. */
  readonly isAnew: boolean;
  readonly signal: AbortSignal;
}

const maxRaces = 3;

/**
 * Brings a shared cache up to date, from where it stands, whatever it has lost: documents first, then the
 * heads of all layers together. Answers the point that the cache has reached.
 */
export const publishLayers = async (publishing: Publishing): Promise<CachePoint> => {
  const { cache, isAnew, sql } = publishing;
  for (let race = 0; race < maxRaces; race += 1) {
    // Before PostgreSQL is asked: an epoch that is found there later is not an older one.
    const before = await cache.readHeads([]);
    const made = await inTransaction(sql, "isolation level repeatable read read only", (tx) =>
      publishSnapshot(tx, publishing, before),
    );
    if (made === undefined) continue;
    const { heads, names, run, to } = made;
    const isWhole = before?.point.epoch !== to.epoch;
    const from = before?.point;
    const isMoved =
      samePoint(from, to) ||
      (await cache.moveHeads({
        from,
        to,
        heads,
        isWhole,
        ...(names ? { names } : {}),
        ...(run ? { run } : {}),
      }));
    if (!isMoved) continue;
    const over = isWhole ? from?.epoch : isAnew ? before?.replaced : undefined;
    if (over !== undefined) await cache.removeEpoch(over);
    return to;
  }
  throw new Error("another publisher moves the heads of this cache all the time");
};

interface Snapshot {
  readonly to: CachePoint;
  readonly heads: readonly PublishedHead[];
  readonly names: CachedNames | undefined;
  readonly run: CommittedRun | undefined;
}

/** Undefined where the heads have moved since they were first read. */
const publishSnapshot = async (
  tx: Tx,
  { cache, kinds, signal }: Publishing,
  before: CachedHeads | undefined,
): Promise<Snapshot | undefined> => {
  const to = await readNewestPoint(tx);
  const from = before?.point.epoch === to.epoch ? before.point : undefined;
  if (from !== undefined && from.revision > to.revision) {
    throw new Error(
      `the cache is at revision ${from.revision} and the database at ${to.revision}: after a restore, give the deployment a new epoch`,
    );
  }
  const after = from?.revision ?? -1;
  const layers = await readChangedLayers(tx, { after, kinds, to: to.revision });
  const now = from && (await cache.readHeads(layers.map(({ name }) => name)));
  if (!samePoint(now?.point, from)) return undefined;
  const heads = await publishDocuments(tx, {
    cache,
    signal,
    after,
    to,
    layers: layers.map((layer, index) => ({ ...layer, head: now?.heads[index] })),
  });
  const hasNewNames = from?.namesVersion !== to.namesVersion;
  const wantsRun = cache.wantsRuns === true && from !== undefined;
  return {
    to,
    heads,
    names: hasNewNames ? await readNames(tx) : undefined,
    run: wantsRun ? await readRun(tx, { from, to, kinds }) : undefined,
  };
};
