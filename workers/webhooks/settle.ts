import type { Attempt } from "../../src/webhooks/deliveries/begin-attempts.ts";
import { nextAttempt } from "../../src/webhooks/deliveries/next-attempt.ts";
import type { AttemptEnd } from "../../src/webhooks/deliveries/record-outcomes.ts";
import type { Outcome } from "./outcome.ts";

/** What becomes of a delivery after an attempt. */
export const settle = (
  { attempts, id, startedAt, webhookId }: Attempt,
  fence: number,
  outcome: Outcome,
  random?: () => number,
): AttemptEnd => {
  const { durationMs, excerpt, status } = outcome;
  const made = { id, webhookId, fence, attempts, startedAt };
  const end = { ...made, excerpt, durationMs: Math.round(durationMs) };
  if (outcome.ok) {
    return {
      ...end,
      outcome: "delivered",
      state: "delivered",
      waitMs: null,
      status: outcome.status,
      error: null,
    };
  }
  const told = { ...end, status: status ?? null, error: outcome.error };
  // Whoever was to answer could not: it may have arrived.
  if (outcome.kind === "aborted") {
    return { ...told, outcome: "interrupted", state: "pending", waitMs: null };
  }
  const waitMs = nextAttempt({ attempts, status, retryAfterMs: outcome.retryAfterMs }, random);
  return waitMs === undefined
    ? { ...told, outcome: "failed", state: "parked", waitMs: null }
    : { ...told, outcome: "failed", state: "pending", waitMs };
};

/** An attempt that was written down and then not made. */
export const undo = (
  { attempts, id, startedAt, webhookId }: Attempt,
  fence: number,
): AttemptEnd => ({
  id,
  webhookId,
  fence,
  attempts,
  startedAt,
  outcome: "undone",
  state: "pending",
  waitMs: null,
  status: null,
  error: null,
  excerpt: null,
  durationMs: null,
});
