import { describeError, type Logger } from "../platform/log.ts";
import type { Sql } from "../platform/sql.ts";
import type { EdgeProcess } from "./edge-process.ts";
import type { Shown } from "./shown.ts";

interface Lease {
  readonly process: EdgeProcess;
  /** What is known must be as new as this. */
  readonly shown: Shown;
  readonly maxAgeMs: number;
  /** A handle for one look, and the end of it. */
  readonly open: () => { readonly handle: Sql; close(): Promise<void> };
  readonly log: Logger;
}

/** While the authority does not answer, requests do not wait for it one by one. */
const afterFailureMs = 1_000;
/** So many requests look for themselves at one time; on Workers none can wait for another's look. */
const maxLooks = 4;
/** Workers may end a request in the middle of its look, which then never ends: it counts no longer than this. */
const maxLookMs = 5_000;
/** What was shown may take a moment to be published. */
const afterLookMs = 25;
/** Where publishers are silent, what the authority has grows old, however often it is asked. */
const afterOldMs = 1_000;

/**
 * Holds what an isolate knows on a lease: how long it is at a look depends on how old the authority was
 * then. In the first half of it nothing is fetched; in the second a look is made after the answer; past
 * it, or where more was shown already, before the answer: then there is something to wait for. What is
 * urgent, since nobody else can answer, waits for no pause.
 */
export const createLease = ({ log, maxAgeMs, open, process, shown }: Lease) => {
  let pauseUntilMs = Number.NEGATIVE_INFINITY;
  const looks = new Set<{ readonly startedAtMs: number }>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let halfMs = 0;

  const look = async (): Promise<void> => {
    const begun = { startedAtMs: performance.now() };
    looks.add(begun);
    const opened = open();
    try {
      await process.follow(opened.handle);
      lookedAtMs = performance.now();
      const leftMs = maxAgeMs - process.ageMs();
      halfMs = Math.max(0, leftMs / 2);
      pauseUntilMs = lookedAtMs + (leftMs > 0 ? afterLookMs : afterOldMs);
    } catch (error) {
      pauseUntilMs = performance.now() + afterFailureMs;
      log.warn("the head authority cannot be asked", describeError(error));
    } finally {
      looks.delete(begun);
      await opened.close();
    }
  };

  const looksUnderWay = (nowMs: number): number => {
    for (const one of looks) if (nowMs - one.startedAtMs > maxLookMs) looks.delete(one);
    return looks.size;
  };

  return (
    execution: { waitUntil(work: Promise<unknown>): void },
    isUrgent = false,
  ): Promise<void> | undefined => {
    const isDue = process.ageMs() >= maxAgeMs || !shown.isReached();
    const nowMs = performance.now();
    if (nowMs < pauseUntilMs && !isUrgent) return undefined;
    if (!isDue && nowMs - lookedAtMs < halfMs) return undefined;
    if (looksUnderWay(nowMs) >= (isDue ? maxLooks : 1)) return undefined;
    const looking = look();
    if (isDue) return looking;
    execution.waitUntil(looking);
    return undefined;
  };
};
