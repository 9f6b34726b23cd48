import type { RefusalLog } from "../audit/refusals.ts";
import { describeError, type Logger } from "../platform/log.ts";
import type { Sql } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import type { AccessStore } from "./store/access-store.ts";

interface Following {
  readonly access: AccessStore;
  readonly refusals: RefusalLog;
  /** Connections of its own, so that revocations do not queue behind other work. */
  readonly connect: () => Sql;
  readonly log: Logger;
}

/** Often enough for a revocation to be obeyed within two seconds. */
const everyMs = 500;

/** Past this a connection is taken for dead. */
const flushTimeoutMs = 5_000;

/**
 * Keeps what a process knows of keys and roles current, and writes down refusals, until it is stopped.
 * The two do not wait for each other: writing may have to wait for locks, a revocation must not.
 */
export const followAccess = ({
  access,
  connect,
  log,
  refusals,
}: Following): (() => Promise<void>) => {
  const flushOnce = (sql: Sql): Promise<unknown> =>
    withDeadline(refusals.flushOnce(sql), flushTimeoutMs);
  const following = repeat(connect, log, "learn of revoked keys", (sql) => access.syncOnce(sql));
  const flushing = repeat(connect, log, "write down refusals", flushOnce);
  return async () => {
    await following.stop();
    await flushing.stop(flushOnce);
  };
};

interface Repeated {
  /** Ends the rounds; what is to be done last still has the connection. */
  stop(last?: (sql: Sql) => Promise<unknown>): Promise<void>;
}

/** Does something again and again, on a connection that is replaced when it fails. */
const repeat = (
  connect: () => Sql,
  log: Logger,
  what: string,
  once: (sql: Sql) => Promise<unknown>,
): Repeated => {
  let sql = connect();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = Promise.resolve();
  let failing = false;
  let stopped = false;

  const round = async (): Promise<void> => {
    try {
      await once(sql);
      if (failing) log.info(`can ${what} again`);
      failing = false;
    } catch (error) {
      if (!failing) log.warn(`cannot ${what}`, describeError(error));
      failing = true;
      // Whatever holds the connection up, a new one does not have it.
      void sql.end({ timeout: 0 });
      sql = connect();
    }
    if (!stopped) plan(everyMs * (0.8 + 0.4 * Math.random()));
  };
  const plan = (delayMs: number): void => {
    timer = setTimeout(() => {
      running = round();
    }, delayMs);
  };

  plan(everyMs);
  return {
    async stop(last) {
      stopped = true;
      clearTimeout(timer);
      // It may have taken what is to be done last, and give it back.
      await running;
      await last?.(sql).catch((error: unknown) => {
        log.warn(`could not ${what} at the end`, describeError(error));
      });
      await sql.end({ timeout: 1 });
    },
  };
};
