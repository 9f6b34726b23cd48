import type { CommittedRun } from "../memory/layer-memory.ts";
import type { LayerName } from "../memory/memory-layer.ts";

/** Where a cache stands: the history, and how much of it. */
export interface CachePoint {
  readonly epoch: string;
  readonly revision: number;
  /** Moves when an app or environment is added, which makes no revision. */
  readonly namesVersion: number;
}

/**
 * Names a document: what it says never changes. The hash keeps apart what two publishers made for the
 * same revision.
 */
export interface DocumentName {
  readonly epoch: string;
  readonly layer: LayerName;
  readonly revision: number;
  /** SHA-256 of the text, the first 32 hexadecimal digits. */
  readonly hash: string;
}

interface CacheDocument {
  readonly name: DocumentName;
  readonly text: string;
}

/** A document as a head names it. */
export interface DocumentRef {
  readonly revision: number;
  readonly hash: string;
  readonly bytes: number;
}

/** Changes of a layer after the document before it in the chain, up to its revision. */
export interface DeltaRef extends DocumentRef {
  /** How often it has been merged: one of level n stands for so many of level n − 1. */
  readonly level: number;
}

/** What a layer is made of: a full document, and what has changed since, in order. */
export interface LayerHead {
  /** The newest revision that changed the layer. */
  readonly changedAt: number;
  readonly full: DocumentRef;
  readonly deltas: readonly DeltaRef[];
}

/** The apps and environments that exist. */
export interface CachedNames {
  readonly apps: readonly string[];
  readonly environments: readonly string[];
}

/** Heads of one moment. */
export interface CachedHeads {
  readonly point: CachePoint;
  /** As they were asked for; undefined for a layer that has never had an entry. */
  readonly heads: readonly (LayerHead | undefined)[];
  readonly names: CachedNames;
  /** The epoch whose documents these heads have replaced. */
  readonly replaced: string | undefined;
}

export interface HeadsMove {
  /** Where the mover saw the cache stand; undefined where it is empty. */
  readonly from: CachePoint | undefined;
  readonly to: CachePoint;
  readonly heads: readonly (readonly [LayerName, LayerHead])[];
  /** Left out where they have not changed. */
  readonly names?: CachedNames;
  /** Forgets all other heads: for a cache that is empty or of another epoch. */
  readonly isWhole: boolean;
  /** What was committed in between, for a cache that wants it; left out where it is too much. */
  readonly run?: CommittedRun;
}

/**
 * A shared cache of layers: immutable documents, and heads that say which of them are current. What may be
 * lost at any time is all of it; what may not happen is that heads go back or name another moment's
 * documents.
 */
export interface LayerCache {
  /** Whether it tells readers what was committed, not only what there is. */
  readonly wantsRuns?: boolean;
  /** All of one moment; undefined where the cache is empty. */
  readHeads(layers: readonly LayerName[]): Promise<CachedHeads | undefined>;
  /**
   * Moves heads together, if the cache still stands where the mover saw it, and forward; false otherwise.
   * Their documents must be there by then.
   */
  moveHeads(move: HeadsMove): Promise<boolean>;
  putDocuments(documents: readonly CacheDocument[]): Promise<void>;
  /** In the order asked for; undefined for what is not there. */
  readDocuments(names: readonly DocumentName[]): Promise<readonly (string | undefined)[]>;
  /** Removes what is surplus of a layer's documents, and answers what is left, in no order. */
  sweepDocuments(
    epoch: string,
    layer: LayerName,
    isSurplus: (document: DocumentName) => boolean,
  ): Promise<readonly DocumentName[]>;
  /** Removes all documents of an epoch that is over. */
  removeEpoch(epoch: string): Promise<void>;
  close(): Promise<void>;
}

/** Names hold no "/", so it separates them without doubt. */
export const layerIdOf = ({ app, environment, kind }: LayerName): string =>
  `${kind}/${app}/${environment}`;

/** Whether a cache may go from one point to another: within an epoch only forward. */
export const isForward = (from: CachePoint | undefined, to: CachePoint): boolean =>
  from === undefined ||
  from.epoch !== to.epoch ||
  (from.revision <= to.revision && from.namesVersion <= to.namesVersion);

export const samePoint = (one: CachePoint | undefined, other: CachePoint | undefined): boolean =>
  one?.epoch === other?.epoch &&
  one?.revision === other?.revision &&
  one?.namesVersion === other?.namesVersion;
