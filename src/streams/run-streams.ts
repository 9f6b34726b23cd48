import { describeError, type Logger } from "../platform/log.ts";
import type { Sql } from "../platform/sql.ts";
import type { StreamHub } from "./stream-hub.ts";
import { turns } from "./subscribers.ts";

interface Running {
  readonly streams: Pick<StreamHub, "beatOnce" | "recheckOnce" | "stop">;
  readonly sql: Sql;
  readonly log: Logger;
}

/** The contract says 15 seconds at most. */
const beatEveryMs = 12_000;
/** Together with the time in which a process learns of a revocation less than two seconds. */
const recheckEveryMs = 500;

/** Sees to the streams of a process until it is stopped, which ends them. */
export const runStreams = ({ log, sql, streams }: Running): (() => Promise<void>) => {
  const beats = setInterval(() => streams.beatOnce(), beatEveryMs / turns);
  let isChecking = false;
  const recheck = async (): Promise<void> => {
    if (isChecking) return;
    isChecking = true;
    try {
      const { ended } = await streams.recheckOnce(sql);
      if (ended > 0) log.info("ended streams whose keys have changed", { ended });
    } catch (error) {
      log.error("could not check the keys of streams", describeError(error));
    }
    isChecking = false;
  };
  const rechecks = setInterval(() => void recheck(), recheckEveryMs);
  return async () => {
    clearInterval(beats);
    clearInterval(rechecks);
    await streams.stop();
  };
};
