import { Problem } from "../../errors.ts";
import type { LiveTransport, Outlet } from "../../http/live.ts";
import { streamOf } from "../../http/live.ts";
import { describeError, type Logger } from "../../platform/log.ts";
import type { Sql } from "../../platform/sql.ts";
import type { StreamHub } from "../../streams/stream-hub.ts";
import { turns } from "../../streams/subscribers.ts";
import type { EdgeProcess } from "../edge-process.ts";
import { createFollower } from "./follower.ts";
import type { HubSockets } from "./hub-sockets.ts";

/** How often a hub does what nothing else makes it do. */
export interface HubTimes {
  /** The contract says 15 seconds at most between two signs of life. */
  readonly beatMs: number;
  /** In case that a wake-up was lost. */
  readonly lookMs: number;
  /** The same two for a hub that holds nothing but WebSockets, and need not be in memory between. */
  readonly alarmMs: number;
}

interface HubParts {
  /** By which the authority wakes it. */
  readonly name: string;
  readonly process: EdgeProcess;
  readonly streams: StreamHub;
  readonly sockets: HubSockets;
  readonly authority: {
    joinHub(name: string): Promise<unknown>;
    leaveHub(name: string): Promise<unknown>;
  };
  /** Calls `alarm` after this time, whether the hub is in memory by then or not. */
  readonly setAlarm: (delayMs: number) => Promise<void>;
  readonly handle: Sql;
  readonly times: HubTimes;
  readonly log: Logger;
}

/** The life of a hub: what it does for its streams, and when. */
export interface HubProcess {
  /** To be asked before a request is answered. @throws Problem `UNAVAILABLE` */
  prepare(): Promise<void>;
  /** To be called when streams may have come or gone; sees to all that they need. */
  arrange(): Promise<void>;
  /** The authority has something new. */
  wake(): Promise<void>;
  alarm(): Promise<void>;
  /** Sends events, and counts those who get them. */
  readonly sendEvents: NonNullable<LiveTransport["events"]>;
}

interface Hub extends HubParts {
  readonly look: () => Promise<void>;
  /** Whether the authority is known to wake it; undefined where it may or may not. */
  isJoined: boolean | undefined;
  /** One after the other, so that a late answer undoes nothing. */
  joining: Promise<void>;
  hasAlarm: boolean;
  /** Clients over event streams. */
  events: number;
  timers: readonly ReturnType<typeof setInterval>[];
}

export const createHubProcess = (parts: HubParts): HubProcess => {
  const hub: Hub = {
    ...parts,
    look: createFollower(() => look(hub)),
    isJoined: undefined,
    joining: Promise.resolve(),
    hasAlarm: false,
    events: 0,
    timers: [],
  };
  return {
    prepare: () => prepare(hub),
    arrange: () => arrange(hub),
    async wake() {
      hub.isJoined = true;
      await hub.look();
      await arrange(hub);
    },
    alarm: () => alarm(hub),
    sendEvents: (_c, init, open) =>
      new Response(
        streamOf((outlet) => open(counted(hub, outlet))),
        init,
      ),
  };
};

const isNeeded = ({ sockets, streams }: Hub): boolean =>
  streams.figures().streams + sockets.waiting() > 0;

const isKnown = ({ process }: Hub): boolean =>
  process.layers.memory.point().revision >= 0 && process.access.point().version >= 0;

/** Learns what is new, and has the streams learn it. */
const look = async (hub: Hub): Promise<void> => {
  const { handle: sql, log, process, sockets, streams } = hub;
  try {
    await process.follow(sql);
  } catch (error) {
    log.warn("the head authority cannot be asked", describeError(error));
  }
  if (!isKnown(hub)) return;
  const restored = sockets.restore(
    (saved) => (outlet) => void streams.resume(saved, outlet, { sql, log }),
  );
  if (restored > 0) log.debug("went on with WebSockets", { restored });
  await streams.recheckOnce(sql);
};

/** Nobody need have said that there is something new: where there is, the authority may have lost this hub. */
const lookUnasked = async (hub: Hub): Promise<void> => {
  const before = hub.process.layers.memory.point();
  await hub.look();
  if (hub.process.layers.memory.point() !== before) hub.isJoined = undefined;
  await arrange(hub);
};

const prepare = async (hub: Hub): Promise<void> => {
  const { process, sockets, times } = hub;
  const isFresh =
    hub.isJoined === true && sockets.waiting() === 0 && process.ageMs() < 2 * times.lookMs;
  if (!isFresh) await hub.look();
  if (isKnown(hub)) return;
  throw new Problem("UNAVAILABLE", "What this edge needs has not been published to it yet.", {
    headers: { "retry-after": "1" },
  });
};

const arrange = async (hub: Hub): Promise<void> => {
  const { setAlarm, sockets, times } = hub;
  if (hub.events > 0) startTimers(hub);
  else stopTimers(hub);
  if (!hub.hasAlarm && sockets.count() + sockets.waiting() > 0) {
    hub.hasAlarm = true;
    await setAlarm(times.alarmMs);
  }
  hub.joining = hub.joining.then(() => joinOrLeave(hub));
  await hub.joining;
};

const joinOrLeave = async (hub: Hub): Promise<void> => {
  const { authority, log, name } = hub;
  const isWanted = isNeeded(hub);
  if (isWanted === hub.isJoined) return;
  try {
    await (isWanted ? authority.joinHub(name) : authority.leaveHub(name));
    hub.isJoined = isWanted;
    // What came between the first stream and this, nobody has told of.
    if (isWanted) await hub.look();
  } catch (error) {
    log.warn("the head authority does not answer a hub", describeError(error));
  }
};

/** They keep a hub in memory, as its event streams do. */
const startTimers = (hub: Hub): void => {
  if (hub.timers.length > 0) return;
  const { streams, times } = hub;
  hub.timers = [
    setInterval(() => streams.beatOnce(), times.beatMs / turns),
    setInterval(() => void lookUnasked(hub), times.lookMs),
  ];
};

const stopTimers = (hub: Hub): void => {
  for (const timer of hub.timers) clearInterval(timer);
  hub.timers = [];
};

const alarm = async (hub: Hub): Promise<void> => {
  hub.hasAlarm = false;
  await lookUnasked(hub);
  if (hub.timers.length > 0) return;
  for (let turn = 0; turn < turns; turn += 1) hub.streams.beatOnce();
};

const counted = (hub: Hub, outlet: Outlet): Outlet => ({
  ...outlet,
  onClose(listener) {
    hub.events += 1;
    outlet.onClose(() => {
      hub.events -= 1;
      listener();
    });
  },
});
