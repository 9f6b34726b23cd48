import type { RefusalLog } from "../audit/refusals.ts";
import { describeError, type Logger } from "../platform/log.ts";
import type { Sql } from "../platform/sql.ts";
import type { AccessStore } from "./store/access-store.ts";

interface Following {
  readonly access: AccessStore;
  readonly refusals: RefusalLog;
  /** A connection of its own, so that revocations do not queue behind other work. */
  readonly connect: () => Sql;
  readonly log: Logger;
}

/** Often enough for a revocation to be obeyed within two seconds. */
const everyMs = 500;

/** Keeps what a process knows of keys and roles current, and writes down refusals, until it is stopped. */
export const followAccess = ({
  access,
  connect,
  log,
  refusals,
}: Following): (() => Promise<void>) => {
  let sql = connect();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failing = false;
  let stopped = false;

  const round = async (): Promise<void> => {
    try {
      await access.syncOnce(sql);
      await refusals.flushOnce(sql);
      if (failing) log.info("keys and roles are current again");
      failing = false;
    } catch (error) {
      if (!failing) log.warn("cannot learn of revoked keys", describeError(error));
      failing = true;
      // Whatever holds the connection up, a new one does not have it.
      void sql.end({ timeout: 0 });
      sql = connect();
    }
    if (!stopped) timer = setTimeout(() => void round(), everyMs * (0.8 + 0.4 * Math.random()));
  };

  timer = setTimeout(() => void round(), everyMs);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await refusals.flushOnce(sql).catch((error: unknown) => {
      log.warn("lost what was refused last", describeError(error));
    });
    await sql.end({ timeout: 1 });
  };
};
