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

interface Follower extends Following {
  sql: Sql;
  listening: Sql;
  /** The newest revision that NOTIFY has told of; undefined until a look has followed the LISTEN. */
  announced: number | undefined;
  /** Where memory was at the poll before this one. */
  polledAt: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Between polls nothing runs; a wake-up while something does makes it run again. */
  state: "waiting" | "looking" | "looking again" | "stopped";
  failing: boolean;
}

/**
 * Keeps the layers in memory fresh until it is stopped: woken by NOTIFY, which is a hint that can be
 * lost, and by a poll. Where a poll finds what NOTIFY should have told of at the poll before, the
 * listening connection is taken for dead and replaced.
 */
export const followRevisions = (following: Following): (() => Promise<void>) => {
  const follower: Follower = {
    ...following,
    sql: following.connect(),
    listening: following.connect(),
    announced: undefined,
    polledAt: -1,
    timer: undefined,
    state: "waiting",
    failing: false,
  };
  listen(follower);
  void round(follower, true);
  return async () => {
    follower.state = "stopped";
    clearTimeout(follower.timer);
    const { listening, sql } = follower;
    await Promise.all([sql.end({ timeout: 1 }), listening.end({ timeout: 1 })]);
  };
};

const listen = (follower: Follower): void => {
  const { layers, listening, log } = follower;
  const wake = (told: string): void => {
    const revision = Number(told);
    follower.announced = revision;
    // What this process has committed itself it knows already.
    if (revision > layers.memory.point().revision) void round(follower);
  };
  const begin = (): void => {
    follower.announced = undefined;
    void round(follower);
  };
  listening.listen("fairlead_revision", wake, begin).catch((error: unknown) => {
    if (follower.state !== "stopped" && follower.listening === listening) {
      log.debug("cannot listen for revisions", describeError(error));
    }
  });
};

const relisten = (follower: Follower): void => {
  void follower.listening.end({ timeout: 0 });
  follower.listening = follower.connect();
  listen(follower);
};

const round = async (follower: Follower, isPoll = false): Promise<void> => {
  if (follower.state !== "waiting") {
    if (follower.state === "looking") follower.state = "looking again";
    return;
  }
  clearTimeout(follower.timer);
  follower.state = "looking";
  await look(follower, isPoll);
  while (isAgain(follower)) {
    follower.state = "looking";
    await look(follower, false);
  }
  if (isStopped(follower)) return;
  follower.state = "waiting";
  const delayMs = follower.everyMs * (0.8 + 0.4 * Math.random());
  follower.timer = setTimeout(() => void round(follower, true), delayMs);
};

const isAgain = ({ state }: Follower): boolean => state === "looking again";
const isStopped = ({ state }: Follower): boolean => state === "stopped";

const look = async (follower: Follower, isPoll: boolean): Promise<void> => {
  const { failing, layers, log } = follower;
  try {
    await layers.followOnce(follower.sql);
    if (failing) log.info("layers are fresh again");
    follower.failing = false;
  } catch (error) {
    if (isStopped(follower)) return;
    if (!failing) log.warn("cannot learn of new revisions", describeError(error));
    follower.failing = true;
    void follower.sql.end({ timeout: 0 });
    follower.sql = follower.connect();
    if (isPoll) relisten(follower);
    return;
  }
  const { revision } = layers.memory.point();
  follower.announced ??= revision;
  if (!isPoll || isStopped(follower)) return;
  if (follower.polledAt > follower.announced) {
    log.debug("nothing is heard of new revisions; listening anew");
    relisten(follower);
  }
  follower.polledAt = revision;
};
