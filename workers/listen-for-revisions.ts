import { describeError, type Logger } from "../src/platform/log.ts";
import type { Sql } from "../src/platform/sql.ts";

interface ListenOptions {
  /** A connection of its own. */
  readonly connect: () => Sql;
  /** By default that of committed groups. */
  readonly channel?: string;
  readonly log: Logger;
  /** Also called when listening begins: what was committed before is not announced. */
  readonly onRevision: () => void;
}

interface Listening {
  /** For when a revision was missed: a connection can be dead without anybody knowing. */
  replaceUnlessHeardSince(timeMs: number): void;
  stop(): Promise<void>;
}

/** Calls back for every committed group, or what else a channel tells of, as long as NOTIFY comes through: it is a hint, no more. */
export const listenForRevisions = ({
  channel = "fairlead_revision",
  connect,
  log,
  onRevision,
}: ListenOptions): Listening => {
  let sql = connect();
  let heardAtMs = 0;
  let isStopped = false;

  const hear = (): void => {
    heardAtMs = Date.now();
    onRevision();
  };

  const listen = (): void => {
    const current = sql;
    current.listen(channel, hear, hear).catch((error: unknown) => {
      if (isStopped || current !== sql) return;
      log.debug("cannot listen", { channel, ...describeError(error) });
    });
  };

  listen();
  return {
    replaceUnlessHeardSince(timeMs) {
      if (isStopped || heardAtMs >= timeMs) return;
      log.debug("replaces the connection that listens", { channel });
      void sql.end({ timeout: 0 });
      sql = connect();
      listen();
    },
    async stop() {
      isStopped = true;
      await sql.end({ timeout: 1 });
    },
  };
};
