import type { Session } from "../session.ts";
import type { CheckSignature } from "./check-signature.ts";
import type { HeldSpec, HeldSpecs } from "./held-specs.ts";
import type { Plugins } from "./plugins.ts";
import type { RuntimeApi } from "./runtime-api.ts";
import type { Waker } from "./waker.ts";

export interface RuntimeOptions {
  readonly id: string;
  /** Specs that it holds at most, but for the moment in which it changes some for others. */
  readonly limit: number;
  readonly leaseSeconds: number;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Commands that run at a time. */
  readonly concurrency: number;
  /** Ends when nothing is left to be run. */
  readonly once: boolean;
  readonly verify: boolean;
  readonly plugins: Plugins;
}

/** What the loops of a runtime share. */
export interface Runtime extends RuntimeOptions {
  readonly session: Session;
  readonly api: RuntimeApi;
  readonly held: HeldSpecs;
  readonly check: CheckSignature;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
  /** When nothing new is begun any more. */
  readonly stopping: AbortSignal;
  readonly claims: Waker;
  readonly beats: Waker;
  /** Runs and reports that are under way. */
  readonly works: Set<Promise<void>>;
  /** Commands that run. */
  running: number;
  /** Whether the list is to be read with the next heartbeat. */
  wantsList: boolean;
  /** Whether a claim has got all that it asked for: there may be more. */
  hasBacklog: boolean;
  /** Says something to people, once for as long as nothing else is said. */
  readonly remark: (text: string) => void;
  /** Ends the runtime; with an error as that error's failure. */
  readonly end: (error?: unknown) => void;
}

/** Whether it is run or reported now, or is to be. */
export const isBusy = ({ dueMs, work }: HeldSpec, nowMs: number): boolean =>
  work !== undefined || (dueMs !== undefined && dueMs <= nowMs);

export const countBusy = ({ held, nowMs }: Runtime): number => {
  const now = nowMs();
  return held.all().filter((spec) => isBusy(spec, now)).length;
};
