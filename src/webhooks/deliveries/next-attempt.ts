const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** After each failed attempt; together about 75 hours. */
const waitsMs = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
] as const;

/** No receiver makes us wait longer than the schedule's longest step. */
const mostAskedMs = 24 * hour;
const jitter = 0.1;

export interface FailedAttempt {
  /** How many there were, with this one. */
  readonly attempts: number;
  readonly status?: number | undefined;
  /** What the receiver has asked for. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * How long a delivery waits after an attempt that has failed; undefined after the last. A tenth is left
 * to chance, so that what failed together does not come back together. A receiver may ask for a longer
 * wait, and gets it or a little more, but none for a shorter: that would use up the attempts too early.
 */
export const nextAttempt = (
  { attempts, retryAfterMs, status }: FailedAttempt,
  random: () => number = Math.random,
): number | undefined => {
  const waitMs = waitsMs[attempts - 1];
  if (waitMs === undefined) return undefined;
  const chance = random();
  const plannedMs = waitMs * (1 - jitter + 2 * jitter * chance);
  const isAsked = retryAfterMs !== undefined && (status === 429 || status === 503);
  if (!isAsked) return plannedMs;
  return Math.max(plannedMs, Math.min(mostAskedMs, retryAfterMs * (1 + jitter * chance)));
};
