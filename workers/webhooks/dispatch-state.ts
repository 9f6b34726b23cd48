import type { Logger } from "../../src/platform/log.ts";
import type { Sql } from "../../src/platform/sql.ts";
import type { AttemptEnd } from "../../src/webhooks/deliveries/record-outcomes.ts";
import { createGovernor, type Governor } from "./governor.ts";
import type { Lane } from "./lane-state.ts";
import type { RequestSender } from "./send-request.ts";

export interface DispatcherDeps {
  readonly sql: Sql;
  readonly sender: Pick<RequestSender, "send">;
  /** Names this process among all that send. */
  readonly holder: string;
  /** How long it keeps others from sending to what it holds when it has died; renewed by thirds. */
  readonly leaseMs: number;
  /** Of Fairlead, as receivers see it. */
  readonly version: string;
  readonly log: Logger;
  /** Requests at once: in all, and to one endpoint. */
  readonly concurrency: number;
  readonly concurrencyPerEndpoint: number;
  readonly random?: () => number;
}

export interface DispatchCounts {
  /** Lanes that were taken. */
  claimed: number;
  /** Deliveries that a former holder had left in the middle. */
  takenOver: number;
  delivered: number;
  failed: number;
  /** Of those that failed. */
  parked: number;
  interrupted: number;
}

const nothingDispatched: Readonly<DispatchCounts> = {
  claimed: 0,
  takenOver: 0,
  delivered: 0,
  failed: 0,
  parked: 0,
  interrupted: 0,
};

/** What a process that sends knows. */
export interface DispatchState {
  readonly deps: DispatcherDeps;
  readonly lanes: Map<string, Lane>;
  /** Attempts that have ended, and are not yet written down. */
  ends: AttemptEnd[];
  readonly governor: Governor;
  readonly counts: DispatchCounts;
  /** Whether there may be lanes to take. */
  wantsLanes: boolean;
  /** How often somebody has said that there may be something to send. */
  looks: number;
  /** Of those, how many had come when it was last read which webhooks have changed. */
  checkedLooks: number;
  isStopping: boolean;
  /** Requests that are under way. */
  readonly underWay: Set<Promise<void>>;
  renewAtMs: number;
  /** When each owner's key was seen to count. */
  readonly ownersSeenMs: Map<string, number>;
}

export const newState = (deps: DispatcherDeps): DispatchState => ({
  deps,
  lanes: new Map(),
  ends: [],
  governor: createGovernor(deps.concurrencyPerEndpoint),
  counts: { ...nothingDispatched },
  wantsLanes: false,
  looks: 0,
  checkedLooks: 0,
  isStopping: false,
  underWay: new Set(),
  renewAtMs: Number.NEGATIVE_INFINITY,
  ownersSeenMs: new Map(),
});
