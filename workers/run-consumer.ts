import type { Consumer } from "../src/outbox/consumer.ts";
import { drainOnce } from "../src/outbox/drain-once.ts";
import { describeError, type Logger } from "../src/platform/log.ts";
import type { Sql } from "../src/platform/sql.ts";

export interface RunOptions {
  readonly consumer: Consumer;
  /** Connections of its own, so that a lease is renewed whatever else goes on. */
  readonly connect: () => Sql;
  readonly holder: string;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Told when a poll has found what nobody announced. */
  readonly onMissed: () => void;
}

export interface RunningConsumer {
  /** Says that there may be something to do; without a word it looks by itself. */
  wake(): void;
  /** Resolves when the effect that is under way has ended, or some seconds later. */
  stop(): Promise<void>;
}

const stopTimeoutMs = 5_000;

/** Drains a consumer whenever it is woken, and by a poll, until it is stopped. */
export const runConsumer = (options: RunOptions): RunningConsumer => {
  const { consumer, pollMs } = options;
  const stopping = new AbortController();
  const drainer = createDrainer(options, stopping.signal);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let isWoken = false;

  const rounds = async (isPoll: boolean): Promise<void> => {
    clearTimeout(timer);
    isWoken = false;
    let goesOn = await drainer.drain(isPoll);
    while (isWoken && goesOn) {
      isWoken = false;
      goesOn = await drainer.drain(false);
    }
    running = undefined;
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => look(true), pollMs * (0.8 + 0.4 * Math.random()));
  };

  const look = (isPoll: boolean): void => {
    isWoken = true;
    if (!stopping.signal.aborted) running ??= rounds(isPoll);
  };

  look(true);
  return {
    wake() {
      if (consumer.isUrgent) look(false);
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await Promise.race([running, patience()]);
      await drainer.end();
    },
  };
};

interface Drainer {
  /** False where it failed, or is to stop. */
  drain(isPoll: boolean): Promise<boolean>;
  end(): Promise<void>;
}

/** Replaces its connections when they fail, and says so once. */
const createDrainer = (options: RunOptions, signal: AbortSignal): Drainer => {
  const { connect, consumer, log, onMissed } = options;
  const { name } = consumer;
  let sql = connect();
  let isFailing = false;
  return {
    async drain(isPoll) {
      try {
        const { passed } = await drainOnce({ ...options, sql, signal });
        if (isFailing) log.info("drains again", { consumer: name });
        isFailing = false;
        if (isPoll && passed > 0 && consumer.isUrgent) onMissed();
        return !signal.aborted;
      } catch (error) {
        if (!isFailing) log.warn("cannot drain", { consumer: name, ...describeError(error) });
        isFailing = true;
        void sql.end({ timeout: 0 });
        if (!signal.aborted) sql = connect();
        return false;
      }
    },
    end: () => sql.end({ timeout: 1 }),
  };
};

const patience = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, stopTimeoutMs).unref();
  });
