import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Consumer } from "../src/outbox/consumer.ts";
import { registerConsumers } from "../src/outbox/register-consumers.ts";
import type { Logger } from "../src/platform/log.ts";
import { connectSql } from "../src/platform/sql.ts";
import { connectTcp } from "../src/platform/tcp-socket.ts";
import { listenForRevisions } from "./listen-for-revisions.ts";
import { runConsumer } from "./run-consumer.ts";

interface StartOptions {
  readonly databaseUrl: string;
  readonly consumers: readonly Consumer[];
  readonly log: Logger;
}

export interface RunningConsumers {
  readonly wake: () => void;
  readonly stop: () => Promise<void>;
}

/** How long a holder that has died keeps others out, and how often a consumer looks by itself. */
const leaseMs = 5_000;
const pollMs = 1_000;

/** Drains consumers, woken by NOTIFY and by a poll. Any number of processes may do so. */
export const startConsumers = async ({
  consumers,
  databaseUrl,
  log,
}: StartOptions): Promise<RunningConsumers> => {
  const connect = (max: number) => () =>
    connectSql(databaseUrl, {
      max,
      name: "fairlead-consumers",
      longLived: true,
      createSocket: connectTcp,
    });
  const sql = connect(1)();
  try {
    await registerConsumers(sql, consumers);
  } finally {
    await sql.end({ timeout: 1 });
  }
  const holder = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const running = consumers.map((consumer) =>
    runConsumer({
      consumer,
      // One for the work, and one to renew the lease meanwhile.
      connect: connect(2),
      holder,
      log,
      leaseMs,
      pollMs,
      onMissed: () => listening.replaceUnlessHeardSince(Date.now() - 2 * pollMs),
    }),
  );
  const wake = (): void => {
    for (const one of running) one.wake();
  };
  const listening = listenForRevisions({ connect: connect(1), log, onRevision: wake });
  return {
    wake,
    async stop() {
      await Promise.all([listening.stop(), ...running.map((one) => one.stop())]);
    },
  };
};
