import type { Deps, Identity } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Outlet } from "../http/live.ts";
import { describeError } from "../platform/log.ts";
import { isUnavailable, type Sql } from "../platform/sql.ts";
import { catchUp } from "./catch-up.ts";
import { resetEvent } from "./change-event.ts";
import { createFanOut } from "./fan-out.ts";
import {
  end,
  forget,
  type HubOptions,
  type HubState,
  keysOf,
  maxBufferedBytes,
  randomMs,
  refuse,
  send,
  tell,
} from "./hub-state.ts";
import { createMissedChanges } from "./read-missed.ts";
import { createRecentChanges } from "./recent-changes.ts";
import { recheckKeys } from "./recheck-keys.ts";
import { resumeStream, type SavedStream } from "./resume-stream.ts";
import { sendBeats } from "./send-beats.ts";
import { stopStreams } from "./stop-streams.ts";
import type { StreamFilter } from "./stream-filter.ts";
import { createStreamGroups } from "./stream-groups.ts";
import { formatId, parseId } from "./stream-id.ts";
import type { Subscriber } from "./subscriber.ts";
import { createSubscribers } from "./subscribers.ts";

/** Who wants to be told what, and from where on. */
interface StreamRequest {
  readonly identity: Identity;
  readonly filter: StreamFilter;
  /** The id of the last event that the client has; absent: from now on. */
  readonly after: string | undefined;
  readonly deps: Pick<Deps, "log" | "sql">;
}

/** The streams of a process. */
export interface StreamHub {
  /** @throws Problem `UNAVAILABLE`, `RATE_LIMITED` where one more stream is too many */
  admit(identity: Identity): void;
  open(request: StreamRequest, outlet: Outlet): void;
  /** Goes on with a stream that another process has opened. */
  resume(saved: SavedStream, outlet: Outlet, deps: StreamRequest["deps"]): Promise<void>;
  /** Gives those whose turn it is the current id: a sign of life, and where to go on from. */
  beatOnce(): { readonly beats: number };
  /** Ends the streams of keys that no longer count, or whose grants say something else now. */
  recheckOnce(sql: Sql): Promise<{ readonly ended: number }>;
  /** Tells everybody to come back, elsewhere or later, and waits until they are gone. */
  stop(): Promise<void>;
  figures(): { readonly streams: number; readonly dropped: number };
}

export const createStreamHub = (options: HubOptions): StreamHub => {
  const { memory } = options.layers;
  const { paceBytes = maxBufferedBytes } = options;
  const recent = createRecentChanges(memory.point());
  const groups = createStreamGroups();
  const state: HubState = {
    ...options,
    recent,
    missed: options.missed ?? createMissedChanges(),
    groups,
    subscribers: createSubscribers(options),
    fanOut: createFanOut({
      memory,
      recent,
      groups,
      send: (subscriber, piece) => {
        const waitingBytes = subscriber.outlet.buffered();
        if (waitingBytes > paceBytes && waitingBytes <= maxBufferedBytes) {
          setBack(state, subscriber);
        } else send(state, subscriber, piece);
      },
      setBack: (subscriber) => setBack(state, subscriber),
    }),
    isStopping: false,
    dropped: 0,
    whenEmpty: () => {},
  };
  followMemory(state);
  return {
    admit: ({ actor }) => admit(state, actor.id),
    open: (request, outlet) => open(state, request, outlet),
    async resume(saved, outlet, deps) {
      const { after, filter } = saved;
      const identity = await resumeStream(state, saved, outlet, deps.sql);
      if (identity !== undefined) open(state, { identity, filter, after, deps }, outlet);
    },
    beatOnce: () => sendBeats(state),
    recheckOnce: (sql) => recheckKeys(state, sql),
    stop: () => stopStreams(state),
    figures: () => ({ streams: state.subscribers.count(), dropped: state.dropped }),
  };
};

const followMemory = (state: HubState): void => {
  const { fanOut, recent, subscribers } = state;
  let isScheduled = false;
  const work = (): void => {
    isScheduled = fanOut.step();
    if (isScheduled) setImmediate(work);
  };
  state.layers.memory.listen({
    committed(run) {
      recent.append(run);
      if (isScheduled) return;
      isScheduled = true;
      // Whoever committed it is answered first.
      setImmediate(work);
    },
    reset(point) {
      const live = [...subscribers.all()].filter(({ group }) => group !== undefined);
      for (const subscriber of live) leave(state, subscriber);
      recent.reset(point);
      fanOut.reset(point);
      for (const subscriber of live) void follow(state, subscriber);
    },
  });
};

const admit = ({ isStopping, subscribers }: HubState, keyId: string): void => {
  if (isStopping) {
    throw new Problem("UNAVAILABLE", "This process is stopping.", {
      headers: { "retry-after": "1" },
    });
  }
  subscribers.admit(keyId);
};

/** Asked again when a stream opens: others may have opened since the request was admitted. */
const isAdmitted = (state: HubState, keyId: string): boolean => {
  try {
    admit(state, keyId);
    return true;
  } catch {
    return false;
  }
};

const open = (state: HubState, request: StreamRequest, outlet: Outlet): void => {
  const { deps, filter, identity } = request;
  const now = { epoch: state.layers.memory.point().epoch, revision: state.fanOut.frontier() };
  const given = request.after === undefined ? now : parseId(request.after);
  const start = given?.epoch === now.epoch ? given : now;
  const subscriber: Subscriber = {
    filter,
    identity,
    keys: keysOf(identity, filter),
    keyId: identity.actor.id,
    deps,
    outlet,
    ...start,
    group: undefined,
    isOpen: true,
  };
  const id = formatId(start);
  if (!isAdmitted(state, subscriber.keyId)) {
    refuse(outlet, id, "unavailable");
    return;
  }
  state.subscribers.add(subscriber);
  outlet.onClose(() => forget(state, subscriber));
  tell(state, subscriber, { id, retryMs: randomMs(1_000, 5_000) });
  if (given === undefined) tell(state, subscriber, resetEvent(id, "unknown-id"));
  else if (given !== start) tell(state, subscriber, resetEvent(id, "other-epoch"));
  void follow(state, subscriber);
};

/** Brings somebody to where the others are; who cannot be told of what they missed is to come back. */
const follow = async (state: HubState, subscriber: Subscriber): Promise<void> => {
  const { fanOut, groups, layers, missed, recent } = state;
  try {
    await catchUp(subscriber, {
      layers,
      recent,
      missed,
      frontier: () => fanOut.frontier(),
      tell: (_, event) => tell(state, subscriber, event),
      join: () => groups.join(subscriber),
    });
  } catch (error) {
    const { log } = subscriber.deps;
    if (error instanceof Problem || isUnavailable(error))
      log.debug("a stream could not catch up", describeError(error));
    else log.error("a stream failed", describeError(error));
    end(state, subscriber, "unavailable");
  }
};

const leave = ({ fanOut, groups }: HubState, subscriber: Subscriber): void => {
  subscriber.revision = fanOut.told(subscriber);
  groups.leave(subscriber);
};

const setBack = (state: HubState, subscriber: Subscriber): void => {
  leave(state, subscriber);
  void follow(state, subscriber);
};
