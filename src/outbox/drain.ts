import type { Logger } from "../platform/log.ts";
import type { Sql } from "../platform/sql.ts";
import type { Claim } from "./claim-consumer.ts";
import type { Consumer, Effect } from "./consumer.ts";

export interface DrainDeps {
  readonly sql: Sql;
  readonly consumer: Consumer;
  /** Names this process among all that drain. */
  readonly holder: string;
  readonly log: Logger;
  /** Ends the drain after the effect that is under way. */
  readonly signal: AbortSignal;
  /** How long a holder that has died is waited for. */
  readonly leaseMs: number;
}

export interface DrainCounts {
  /** Revisions that the cursor has moved past. */
  readonly passed: number;
  readonly parked: number;
  /** Parked events that were delivered after all. */
  readonly redriven: number;
  readonly failed: number;
}

/** A drain that holds its consumer. */
export interface Drain extends DrainDeps {
  readonly claim: Claim;
  /** Runs an effect within its time, and only as long as nobody else may hold the consumer. */
  perform<Result>(effect: (told: Effect) => Promise<Result>): Promise<Result>;
}

export const nothingDrained: DrainCounts = { passed: 0, parked: 0, redriven: 0, failed: 0 };
