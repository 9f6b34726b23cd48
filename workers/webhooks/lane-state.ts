import type { Attempt } from "../../src/webhooks/deliveries/begin-attempts.ts";
import type { LaneClaim } from "../../src/webhooks/deliveries/lane.ts";
import { everyEntry } from "../../src/webhooks/deliveries/webhook-event.ts";

interface Flight {
  readonly attempt: Attempt;
  readonly startedMs: number;
}

/** A webhook that this process sends to. */
export interface Lane extends LaneClaim {
  readonly owner: string;
  readonly createdAt: string;
  /** Begun and not yet sent, oldest first. */
  readonly queue: Attempt[];
  readonly flights: Map<string, Flight>;
  /** Aborted when somebody else sends by now. */
  readonly lost: AbortController;
  /** Until then nobody else can have taken it; by a clock that never goes back. */
  leaseUntilMs: number;
  /** Whether there may be more that is due. */
  mayHaveMore: boolean;
  /** Whether attempts may have been begun whose ids never came: it is given back as soon as it can be. */
  isUncertain: boolean;
  /** Whether it was among those that fail or are slow, when last looked at. */
  wasSuspect: boolean;
}

/** Whether a lane has nothing left that this process has begun. */
export const isIdle = ({ flights, queue }: Lane): boolean =>
  queue.length === 0 && flights.size === 0;

/** The oldest that may be sent now: what is about an entry waits for those before it. */
export const nextReady = ({ flights, queue }: Lane): Attempt | undefined => {
  const busy = new Set<string>();
  for (const { attempt } of flights.values()) addEntries(busy, attempt);
  for (const attempt of queue) {
    if (!isBlocked(busy, attempt)) return attempt;
    addEntries(busy, attempt);
  }
  return undefined;
};

const addEntries = (busy: Set<string>, { entries }: Attempt): void => {
  for (const entry of entries) busy.add(entry);
};

const isBlocked = (busy: ReadonlySet<string>, { entries }: Attempt): boolean =>
  busy.has(everyEntry) ||
  (entries.includes(everyEntry) ? busy.size > 0 : entries.some((entry) => busy.has(entry)));
