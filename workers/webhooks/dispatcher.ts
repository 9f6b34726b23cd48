import { setTimeout as sleep } from "node:timers/promises";
import { checkWebhooks, isChecked } from "./check-webhooks.ts";
import { dispatchRound, putBack } from "./dispatch-round.ts";
import {
  type DispatchCounts,
  type DispatcherDeps,
  type DispatchState,
  newState,
} from "./dispatch-state.ts";
import { fly } from "./fly.ts";
import { readyAttempts } from "./schedule.ts";

export interface Dispatcher {
  /** There may be something to send: looks again. */
  look(): void;
  /** Resolves when nothing is left that is due, with what was done since it was asked. */
  drain(): Promise<Readonly<DispatchCounts>>;
  /** Sends no more, waits for what is under way, and gives the lanes back. */
  stop(patienceMs: number): Promise<void>;
}

interface DispatcherOptions extends DispatcherDeps {
  /** Told when the database could not be asked; it is asked again at the next look. */
  readonly onFailure?: (error: unknown) => void;
  readonly onSuccess?: () => void;
}

/** Starts what is under way in rounds of some statements; rounds never overlap. */
interface Engine {
  readonly state: DispatchState;
  /** Resolves when there is nothing to write down and nothing to begin; fails with the database. */
  go(): Promise<void>;
  goOn(): void;
}

/** Sends what webhooks are owed: started by a look, and kept going by the ends of requests. */
export const createDispatcher = (options: DispatcherOptions): Dispatcher => {
  const engine = createEngine(options);
  const { state } = engine;
  // Also where nothing ends: leases are renewed in rounds.
  const renewals = setInterval(() => {
    if (state.lanes.size > 0) engine.goOn();
  }, options.leaseMs / 3);
  renewals.unref();
  return {
    look() {
      noteLook(state);
      engine.goOn();
    },
    async drain() {
      const before = { ...state.counts };
      let claimed: number;
      do {
        claimed = state.counts.claimed;
        noteLook(state);
        await finish(engine);
      } while (state.counts.claimed > claimed);
      return difference(state.counts, before);
    },
    async stop(patienceMs) {
      state.isStopping = true;
      clearInterval(renewals);
      await stopSending(engine, patienceMs);
    },
  };
};

/** Sends everything that is due, and looks until there is no more. */
export const dispatchOnce = async (deps: DispatcherDeps): Promise<Readonly<DispatchCounts>> => {
  const dispatcher = createDispatcher(deps);
  try {
    return await dispatcher.drain();
  } finally {
    await dispatcher.stop(0);
  }
};

const createEngine = (options: DispatcherOptions): Engine => {
  const state = newState(options);
  let running: Promise<void> | undefined;
  let isAsked = false;

  const rounds = async (): Promise<void> => {
    try {
      for (let goesOn = true; goesOn || isAsked; ) {
        isAsked = false;
        await checkWebhooks(state);
        // Also where looks have come meanwhile: however many do, they do not stop it.
        send();
        goesOn = await dispatchRound(state);
        start();
      }
      options.onSuccess?.();
    } finally {
      running = undefined;
    }
  };
  const go = (): Promise<void> => {
    isAsked = true;
    running ??= rounds();
    return running;
  };
  const goOn = (): void => void go().catch((error: unknown) => options.onFailure?.(error));
  const start = (): void => {
    if (isChecked(state)) send();
  };
  const send = (): void => {
    if (state.isStopping) return;
    for (const [lane, attempt] of readyAttempts(state, performance.now())) {
      const flight = fly(state, lane, attempt);
      state.underWay.add(flight);
      void flight.finally(() => {
        state.underWay.delete(flight);
        land();
      });
    }
  };
  // What ends together is followed together: what is ready goes out, and what has ended is written down.
  let isLanding = false;
  const land = (): void => {
    if (isLanding) return;
    isLanding = true;
    setImmediate(() => {
      isLanding = false;
      start();
      goOn();
    });
  };
  return { state, go, goOn };
};

const noteLook = (state: DispatchState): void => {
  state.looks += 1;
  state.wantsLanes = true;
  for (const lane of state.lanes.values()) lane.mayHaveMore = true;
};

const finish = async (engine: Engine): Promise<void> => {
  const { state } = engine;
  await engine.go();
  while (state.underWay.size > 0 || state.ends.length > 0) {
    if (state.underWay.size > 0) await Promise.race(state.underWay);
    await engine.go();
  }
};

const stopSending = async (engine: Engine, patienceMs: number): Promise<void> => {
  const { state } = engine;
  for (const webhookId of state.lanes.keys()) putBack(state, webhookId);
  const landed = (): Promise<unknown> => Promise.all(state.underWay);
  await Promise.race([landed(), sleep(patienceMs, undefined, { ref: false })]);
  for (const lane of state.lanes.values()) lane.lost.abort();
  await landed();
  await engine.go();
};

const difference = (now: DispatchCounts, before: DispatchCounts): DispatchCounts => ({
  claimed: now.claimed - before.claimed,
  takenOver: now.takenOver - before.takenOver,
  delivered: now.delivered - before.delivered,
  failed: now.failed - before.failed,
  parked: now.parked - before.parked,
  interrupted: now.interrupted - before.interrupted,
});
