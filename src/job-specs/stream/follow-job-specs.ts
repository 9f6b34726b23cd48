import { describeError, type Logger } from "../../platform/log.ts";
import { replacePool, type Sql } from "../../platform/sql.ts";
import { withDeadline } from "../../platform/with-deadline.ts";
import type { RuntimeStreamHub } from "./runtime-hub.ts";

interface Following {
  readonly hub: Pick<RuntimeStreamHub, "figures" | "lookOnce" | "onOpen">;
  /** Connections of its own, so that what is told does not queue behind other work. */
  readonly connect: () => Sql;
  readonly log: Logger;
  /** The longest time between two looks where nothing wakes it. */
  readonly everyMs?: number;
}

interface Follower extends Required<Following> {
  sql: Sql;
  /** Apart from the other: what ends that one's connection must not end this one's. */
  listening: Sql;
  /** What is to be looked at next: runtimes, or everybody. */
  due: Set<string> | "everybody" | undefined;
  isLooking: boolean;
  isStopped: boolean;
  /** Whether NOTIFY has told of something since the poll before. */
  isHeard: boolean;
  isFailing: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const channel = "fairlead_job_specs";
const deadlineMs = 10_000;

/**
 * Has runtimes told of what changes for them until it is stopped: woken by NOTIFY, which is a hint that
 * can be lost, and by a poll, which also finds leases that have ended. Connects when somebody listens.
 */
export const followJobSpecs = (following: Following): (() => Promise<void>) => {
  const follower: Follower = {
    everyMs: 2_000,
    ...following,
    sql: following.connect(),
    listening: following.connect(),
    due: undefined,
    isLooking: false,
    isStopped: false,
    isHeard: true,
    isFailing: false,
    timer: undefined,
  };
  let isListening = false;
  const opened = (): void => {
    if (follower.isStopped) return;
    if (!isListening) {
      isListening = true;
      listen(follower);
      schedule(follower);
    }
    // Who is new is looked at whoever else is.
    void wake(follower, new Set());
  };
  follower.hub.onOpen(opened);
  if (follower.hub.figures().streams > 0) opened();
  return async () => {
    follower.isStopped = true;
    clearTimeout(follower.timer);
    const { listening, sql } = follower;
    await Promise.all([sql.end({ timeout: 1 }), listening.end({ timeout: 1 })]);
  };
};

const listen = (follower: Follower): void => {
  const { listening, log } = follower;
  const hear = (payload: string): void => {
    follower.isHeard = true;
    void wake(follower, runtimesOf(payload));
  };
  listening
    .listen(channel, hear, () => void wake(follower, "everybody"))
    .catch((error: unknown) => {
      if (follower.isStopped || follower.listening !== listening) return;
      log.debug("cannot listen for job specs", describeError(error));
    });
};

/** Nothing, or anything else than a list, stands for everybody. */
const runtimesOf = (payload: string): Set<string> | "everybody" => {
  try {
    const names = JSON.parse(payload) as unknown;
    return Array.isArray(names) ? new Set(names.map(String)) : "everybody";
  } catch {
    return "everybody";
  }
};

const relisten = (follower: Follower): void => {
  void follower.listening.end({ timeout: 0 });
  follower.listening = follower.connect();
  listen(follower);
};

const schedule = (follower: Follower): void => {
  const delayMs = follower.everyMs * (0.8 + 0.4 * Math.random());
  follower.timer = setTimeout(() => void poll(follower), delayMs);
};

const poll = async (follower: Follower): Promise<void> => {
  const { isFailing, isHeard } = follower;
  follower.isHeard = false;
  const told = await wake(follower, "everybody");
  if (follower.isStopped) return;
  // What a poll finds, NOTIFY may not have told of; a connection can be dead and nobody knows.
  if ((told > 0 && !isHeard && !follower.isHeard) || (isFailing && follower.isFailing)) {
    relisten(follower);
  }
  schedule(follower);
};

/** Answers how much was told, where it is the one that looked. */
const wake = async (follower: Follower, due: Set<string> | "everybody"): Promise<number> => {
  follower.due =
    due === "everybody" || follower.due === "everybody"
      ? "everybody"
      : new Set([...(follower.due ?? []), ...due]);
  if (follower.isLooking) return 0;
  follower.isLooking = true;
  let told = 0;
  for (let next = takeDue(follower); next !== undefined; next = takeDue(follower)) {
    told += await look(follower, next);
  }
  follower.isLooking = false;
  return told;
};

const takeDue = (follower: Follower): Follower["due"] => {
  const { due, isStopped } = follower;
  follower.due = undefined;
  return isStopped ? undefined : due;
};

const look = async (follower: Follower, due: Set<string> | "everybody"): Promise<number> => {
  const { hub, isFailing, log, sql } = follower;
  if (hub.figures().streams === 0) return 0;
  try {
    const looking = hub.lookOnce(sql, due === "everybody" ? undefined : due);
    // What comes later than that repeats what it says, or is corrected by the next look.
    const { told } = await withDeadline(looking, deadlineMs, () => replacePool(sql));
    if (isFailing) log.info("runtimes are told of their job specs again");
    follower.isFailing = false;
    return told;
  } catch (error) {
    if (follower.isStopped) return 0;
    if (!isFailing) log.warn("cannot tell runtimes of their job specs", describeError(error));
    follower.isFailing = true;
    return 0;
  }
};
