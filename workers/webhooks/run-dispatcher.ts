import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { describeError } from "../../src/platform/log.ts";
import { replacePool, type Sql } from "../../src/platform/sql.ts";
import { listenForRevisions } from "../listen-for-revisions.ts";
import type { DispatcherDeps } from "./dispatch-state.ts";
import { createDispatcher } from "./dispatcher.ts";

interface RunOptions extends Omit<DispatcherDeps, "sql" | "holder" | "leaseMs"> {
  /** Connections of its own. */
  readonly connect: (max: number) => Sql;
}

export interface RunningDispatcher {
  /** Says that there may be something to send; without a word it looks by itself. */
  wake(): void;
  /** Resolves when what was under way has ended, or some seconds later. */
  stop(): Promise<void>;
}

const pollMs = 1_000;
/** A connection that has told nothing for so long may be dead without anybody knowing. */
const silenceMs = 60_000;
const leaseMs = 15_000;
const stopTimeoutMs = 5_000;

/** Sends deliveries, woken by NOTIFY and by a poll, until it is stopped. Any number of processes may. */
export const runDispatcher = ({ connect, ...options }: RunOptions): RunningDispatcher => {
  const { log } = options;
  // A round asks for lanes while it writes down and begins; more would not be used.
  const sql = connect(2);
  let isFailing = false;
  const dispatcher = createDispatcher({
    ...options,
    sql,
    leaseMs,
    holder: `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`,
    onFailure(error) {
      if (!isFailing) log.warn("cannot send to webhooks", describeError(error));
      isFailing = true;
      // Whatever holds the connections up, new ones do not have it.
      replacePool(sql);
    },
    onSuccess() {
      if (isFailing) log.info("sends to webhooks again");
      isFailing = false;
    },
  });
  let timer: ReturnType<typeof setTimeout>;
  const poll = (): void => {
    listening.replaceUnlessHeardSince(Date.now() - silenceMs);
    dispatcher.look();
    timer = setTimeout(poll, pollMs * (0.8 + 0.4 * Math.random()));
  };
  const listening = listenForRevisions({
    connect: () => connect(1),
    channel: "fairlead_deliveries",
    log,
    onRevision: () => dispatcher.look(),
  });
  poll();
  return {
    wake: () => dispatcher.look(),
    async stop() {
      clearTimeout(timer);
      await listening.stop();
      await dispatcher.stop(stopTimeoutMs).catch((error: unknown) => {
        log.debug("could not give webhooks back", describeError(error));
      });
      await sql.end({ timeout: 1 });
    },
  };
};
