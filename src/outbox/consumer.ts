import type { Sql } from "../platform/sql.ts";
import type { OutboxRow } from "./outbox-row.ts";

/** A place in the deployment's history. */
export interface Point {
  readonly epoch: string;
  readonly revision: number;
}

/** An outbox row with the time of its commit. */
export interface CommittedRow extends OutboxRow {
  readonly committedAt: string;
}

/** What an effect is told beside its work. */
export interface Effect {
  /** Counts the holders of a consumer: what sees a lower one after a higher comes from a dead one. */
  readonly fence: number;
  /** Aborted when the effect takes too long, or somebody else holds the consumer by now. */
  readonly signal: AbortSignal;
}

/** How long to wait after a failure: doubled each time, up to `maxMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

interface ConsumerTraits {
  readonly name: string;
  readonly backoff: Backoff;
  /** Past this an effect has failed. */
  readonly timeoutMs: number;
  /** Whether a commit wakes it at once; else the poll is early enough. */
  readonly isUrgent: boolean;
}

/** What a state consumer's copy is brought up to date from. */
export interface StateTarget extends Effect {
  readonly sql: Sql;
  /** Where the consumer stands; in another epoch than `newest` it begins anew. */
  readonly cursor: Point;
  /** What was newest a moment ago; the copy may go past it. */
  readonly newest: Point;
}

/** Brings a copy up to date. It may skip to the newest revision, retries for ever and never parks. */
export interface StateConsumer extends ConsumerTraits {
  readonly kind: "state";
  /** Resolves with the point that the copy has reached, once that is acknowledged. */
  bring(target: StateTarget): Promise<Point>;
  /** Whether the copy is where the cursor says: a cache can lose what it held. */
  isCurrent?(sql: Sql, cursor: Point): Promise<boolean>;
}

/**
 * Gets every revision in order, at least once. What keeps failing is parked, so that what follows goes on.
 */
export interface EventConsumer extends ConsumerTraits {
  readonly kind: "event";
  readonly maxAttempts: number;
  /** Most revisions that it is given at once. */
  readonly batchSize: number;
  /** All or nothing, and idempotent by revision: a row may come again. */
  readonly deliver: (rows: readonly CommittedRow[], effect: Effect) => Promise<void>;
}

export type Consumer = StateConsumer | EventConsumer;
