import { describeError, type Logger } from "../../platform/log.ts";
import type { Sql } from "../../platform/sql.ts";
import type { LayerReader } from "./layer-reader.ts";

interface Following {
  readonly layers: LayerReader;
  /** Connections of its own, so that freshness does not queue behind other work. */
  readonly connect: () => Sql;
  readonly log: Logger;
  /** The longest time between two looks where nothing wakes it. */
  readonly everyMs: number;
}

/**
 * Keeps the layers in memory fresh until it is stopped: woken by NOTIFY, which is a hint that can be
 * lost, and by a poll. Where the poll finds what NOTIFY did not announce, the listening connection is
 * taken for dead and replaced.
 */
export const followRevisions = ({
  connect,
  everyMs,
  layers,
  log,
}: Following): (() => Promise<void>) => {
  let sql = connect();
  let listening = connect();
  let wokenAtMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;
  let failing = false;
  let stopped = false;

  const listen = (): void => {
    const current = listening;
    const wake = (): void => {
      wokenAtMs = Date.now();
      void round();
    };
    current.listen("fairlead_revision", wake, wake).catch((error: unknown) => {
      if (!stopped && current === listening) {
        log.debug("cannot listen for revisions", describeError(error));
      }
    });
  };

  const relisten = (): void => {
    void listening.end({ timeout: 0 });
    listening = connect();
    listen();
  };

  const look = async (isPoll: boolean): Promise<void> => {
    try {
      const { revisions } = await layers.followOnce(sql);
      if (failing) log.info("layers are fresh again");
      failing = false;
      if (isPoll && revisions > 0 && Date.now() - wokenAtMs > everyMs) relisten();
    } catch (error) {
      if (!failing) log.warn("cannot learn of new revisions", describeError(error));
      failing = true;
      void sql.end({ timeout: 0 });
      sql = connect();
      if (isPoll) relisten();
    }
  };

  const round = async (isPoll = false): Promise<void> => {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    clearTimeout(timer);
    let poll = isPoll;
    do {
      again = false;
      await look(poll);
      poll = false;
    } while (again && !stopped);
    running = false;
    if (!stopped) timer = setTimeout(() => void round(true), everyMs * (0.8 + 0.4 * Math.random()));
  };

  listen();
  void round(true);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await Promise.all([sql.end({ timeout: 1 }), listening.end({ timeout: 1 })]);
  };
};
