import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { runDue } from "./run-spec.ts";
import type { Runtime } from "./runtime-state.ts";

/** After a heartbeat without an answer the next one comes sooner. */
const retryMs = 500;

/** Keeps the leases, and learns what has changed of what is held. */
export const beatLoop = async (runtime: Runtime): Promise<void> => {
  const { beats, leaseSeconds, stopping } = runtime;
  let delayMs = 0;
  while (!stopping.aborted) {
    await beats.wait(delayMs);
    if (stopping.aborted) return;
    const isAnswered = await beatOnce(runtime);
    delayMs = isAnswered ? (leaseSeconds * 1_000) / 3 : retryMs;
  }
};

const beatOnce = async (runtime: Runtime): Promise<boolean> => {
  const { api, held, nowMs, stopping } = runtime;
  const sentMs = nowMs();
  try {
    const leases = await api.beat();
    const isMore = held.renew(leases, { sentMs, answeredMs: nowMs() });
    if (isMore || runtime.wantsList) {
      runtime.wantsList = false;
      // The list prolongs nothing: only of what the heartbeat has prolonged it is known until when.
      const prolonged = new Set(leases.map(({ id }) => id));
      const listed = await api.list();
      const specs = listed.filter(({ id }) => prolonged.has(id));
      held.take(specs, { sentMs, answeredMs: nowMs() });
    }
    runDue(runtime);
    return true;
  } catch (error) {
    if (stopping.aborted) return false;
    runtime.wantsList = true;
    const isPassing = error instanceof Failure && error.exitCode !== exitCodes.denied;
    if (!isPassing) runtime.end(error);
    else runtime.remark(`No answer to the heartbeat: ${error.message}`);
    return false;
  }
};
