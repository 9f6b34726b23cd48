import type { Attempt } from "../../src/webhooks/deliveries/begin-attempts.ts";
import { disable, putBack } from "./dispatch-round.ts";
import type { DispatchState } from "./dispatch-state.ts";
import type { Lane } from "./lane-state.ts";
import { makeAttempt } from "./make-attempt.ts";
import type { Outcome } from "./outcome.ts";
import { settle } from "./settle.ts";

/** Makes an attempt that was begun, and notes how it ended. */
export const fly = async (state: DispatchState, lane: Lane, attempt: Attempt): Promise<void> => {
  const { counts, deps, governor } = state;
  const { sender, version } = deps;
  const outcome = await makeAttempt(attempt, { sender, version, signal: lane.lost.signal });
  lane.flights.delete(attempt.id);
  const end = settle(attempt, lane.fence, outcome, deps.random);
  state.ends.push(end);
  if (end.outcome === "interrupted") {
    counts.interrupted += 1;
    return;
  }
  counts[outcome.ok ? "delivered" : "failed"] += 1;
  counts.parked += end.state === "parked" ? 1 : 0;
  governor.note(attempt.webhookId, { isFailure: !outcome.ok, durationMs: outcome.durationMs });
  if (outcome.ok) return;
  // It may take long until the next of these is tried; nobody is told meanwhile that they are sent.
  putBack(state, attempt.webhookId);
  lane.mayHaveMore = true;
  if (isGone(outcome)) {
    const { version: webhookVersion, webhookId } = attempt;
    await disable(state, { webhookId, reason: "gone", version: webhookVersion });
  }
};

/** The receiver's word that nobody is to call any more (RFC 9110, 15.5.11). */
const isGone = (outcome: Outcome): boolean => outcome.status === 410;
