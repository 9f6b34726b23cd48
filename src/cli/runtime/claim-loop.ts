import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { runDue } from "./run-spec.ts";
import { countBusy, isBusy, type Runtime } from "./runtime-state.ts";

/** How often it is asked for specs while there are none. */
const claimEveryMs = 2_000;
const mostAtOnce = 500;

/** Takes what is to be run, as much as may be held. */
export const claimLoop = async (runtime: Runtime): Promise<void> => {
  const { claims, limit, once, stopping } = runtime;
  while (!stopping.aborted) {
    const wanted = Math.min(mostAtOnce, limit - countBusy(runtime));
    const taken = wanted > 0 ? await claimOnce(runtime, wanted) : undefined;
    runtime.hasBacklog = taken === undefined || taken === wanted;
    if (once && taken === 0 && countBusy(runtime) === 0) {
      runtime.end();
      return;
    }
    if (taken === undefined || taken < wanted || countBusy(runtime) >= limit) {
      await claims.wait(claimEveryMs * (0.8 + 0.4 * Math.random()));
    }
  }
};

/** How many specs it took; undefined where the server did not say. */
const claimOnce = async (runtime: Runtime, wanted: number): Promise<number | undefined> => {
  const { api, held, nowMs, once, stopping } = runtime;
  const sentMs = nowMs();
  try {
    const jobSpecs = await api.claim(wanted);
    held.take(jobSpecs, { sentMs, answeredMs: nowMs() });
    runDue(runtime);
    await makeRoom(runtime);
    return jobSpecs.length;
  } catch (error) {
    if (stopping.aborted) return undefined;
    const isPassing = error instanceof Failure && error.exitCode === exitCodes.unavailable;
    if (!isPassing || once) runtime.end(error);
    else runtime.remark(`No job specs can be claimed: ${error.message}`);
    // They may have been leased all the same.
    runtime.wantsList = true;
    return undefined;
  }
};

/** Gives back what need not be run now, in favour of what was just taken. */
const makeRoom = async (runtime: Runtime): Promise<void> => {
  const { held, limit, nowMs } = runtime;
  const now = nowMs();
  const all = held.all();
  const idle = all
    .filter((spec) => !isBusy(spec, now))
    .sort((one, other) => (other.dueMs ?? Infinity) - (one.dueMs ?? Infinity));
  const ids = idle.slice(0, Math.max(0, all.length - limit)).map(({ leased }) => leased.id);
  await releaseAll(runtime, ids);
};

/** Best effort: what is not given back is free when its lease ends. */
export const releaseAll = async ({ api, held }: Runtime, ids: readonly string[]): Promise<void> => {
  const waiting = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      held.release(id);
      await api.release(id).catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
};
