import type { Sql } from "../../platform/sql.ts";
import type { LayerMemory, MemoryPoint } from "./layer-memory.ts";
import { type LayerSource, sqlSource } from "./layer-source.ts";
import type { PositionView } from "./position-view.ts";

export interface ReadPosition {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
}

/** What a position resolves to at a point. */
export interface OpenedView extends MemoryPoint {
  readonly view: PositionView;
}

export interface ReaderOptions {
  /** Never goes back. */
  readonly nowMs?: () => number;
  /** How long PostgreSQL may take to tell what is new, and to give layers. */
  readonly lookTimeoutMs?: number;
  readonly loadTimeoutMs?: number;
  /** Where memory follows and loads from; a copy may be behind PostgreSQL, which is asked where that matters. */
  readonly sourceOf?: (sql: Sql) => LayerSource;
}

/** What a layer reader has under way. */
export interface Reading extends Required<ReaderOptions> {
  readonly memory: LayerMemory;
  /** When it was last known that nothing newer was committed. */
  confirmedAtMs: number;
  /** What this process has committed and could not take in at once; a look takes it in. */
  owed: MemoryPoint | undefined;
  readonly isCopy: boolean;
  /** One look at a time on each handle: one that hangs holds up only those who share it. */
  readonly following: WeakMap<Sql, Promise<{ readonly revisions: number }>>;
  /** The loads under way on each handle, by layer. */
  readonly loading: WeakMap<Sql, Map<string, Promise<void>>>;
  reads: number;
  misses: number;
  staleReads: number;
}

export const createReading = (memory: LayerMemory, options: ReaderOptions): Reading => ({
  nowMs: () => performance.now(),
  lookTimeoutMs: 3_000,
  loadTimeoutMs: 15_000,
  sourceOf: sqlSource,
  ...options,
  memory,
  isCopy: options.sourceOf !== undefined,
  confirmedAtMs: Number.NEGATIVE_INFINITY,
  owed: undefined,
  following: new WeakMap(),
  loading: new WeakMap(),
  reads: 0,
  misses: 0,
  staleReads: 0,
});
