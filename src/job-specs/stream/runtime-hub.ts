import { randomUUID } from "node:crypto";
import type { AccessStore } from "../../access/store/access-store.ts";
import type { Identity } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Outlet } from "../../http/live.ts";
import type { KeyFilter } from "../../permissions/key-filter.ts";
import type { Sql } from "../../platform/sql.ts";
import {
  closeCodes,
  closeEvent,
  type EndReason,
  farewellMs,
  maxBufferedBytes,
  randomMs,
} from "../../streams/hub-state.ts";
import { holderOf } from "../../streams/recheck-keys.ts";
import { createPiece, type StreamEvent } from "../../streams/stream-piece.ts";
import {
  createSubscribers,
  type StreamLimits,
  type Subscribers,
} from "../../streams/subscribers.ts";
import type { RuntimeSubscriber } from "./runtime-subscriber.ts";
import { tellHeld } from "./tell-held.ts";

export interface RuntimeHubOptions extends StreamLimits {
  readonly access: AccessStore;
}

interface RuntimeStreamRequest {
  readonly identity: Identity;
  readonly runtime: string;
}

/** The streams of a process by which runtimes hear of what they hold. */
export interface RuntimeStreamHub {
  /** @throws Problem `UNAVAILABLE`, `RATE_LIMITED` where one more stream is too many */
  admit(identity: Identity): void;
  open(request: RuntimeStreamRequest, outlet: Outlet): void;
  /** Tells runtimes, by default all, what they do not know yet. */
  lookOnce(sql: Sql, runtimes?: ReadonlySet<string>): Promise<{ readonly told: number }>;
  /** Is called when somebody has come, who waits to be told where to begin. */
  onOpen(listener: () => void): void;
  /** Gives those whose turn it is a sign of life. */
  beatOnce(): { readonly beats: number };
  /** Ends the streams of keys that no longer count, or whose grants say something else now. */
  recheckOnce(sql: Sql): Promise<{ readonly ended: number }>;
  /** Tells everybody to come back, elsewhere or later, and waits until they are gone. */
  stop(): Promise<void>;
  figures(): { readonly streams: number; readonly dropped: number };
}

interface RuntimeHub extends RuntimeHubOptions {
  readonly subscribers: Subscribers<RuntimeSubscriber>;
  isStopping: boolean;
  dropped: number;
  whenEmpty: () => void;
  whenOpened: () => void;
}

export const createRuntimeHub = (options: RuntimeHubOptions): RuntimeStreamHub => {
  const hub: RuntimeHub = {
    ...options,
    subscribers: createSubscribers(options),
    isStopping: false,
    dropped: 0,
    whenEmpty: () => {},
    whenOpened: () => {},
  };
  const { subscribers } = hub;
  return {
    admit: ({ actor }) => admit(hub, actor.id),
    open: (request, outlet) => open(hub, request, outlet),
    async lookOnce(sql, runtimes) {
      const wanted = [...subscribers.all()].filter(
        ({ isOpen, runtime, told }) =>
          isOpen && (told === undefined || runtimes === undefined || runtimes.has(runtime)),
      );
      return { told: await tellHeld(sql, wanted, (...told) => send(hub, ...told)) };
    },
    onOpen(listener) {
      hub.whenOpened = listener;
    },
    beatOnce() {
      const due = [...subscribers.nextTurn()];
      for (const subscriber of due) send(hub, subscriber, [{ id: placeOf(subscriber) }]);
      return { beats: due.length };
    },
    recheckOnce: (sql) => recheck(hub, sql),
    stop: () => stop(hub),
    figures: () => ({ streams: subscribers.count(), dropped: hub.dropped }),
  };
};

const admit = ({ isStopping, subscribers }: RuntimeHub, keyId: string): void => {
  if (isStopping) {
    throw new Problem("UNAVAILABLE", "This process is stopping.", {
      headers: { "retry-after": "1" },
    });
  }
  subscribers.admit(keyId);
};

/** Of which attestations somebody hears. */
const keysOf = ({ permissions }: Identity): KeyFilter =>
  permissions.keys("job-specs.lease", "attestation", "", "");

const open = (hub: RuntimeHub, { identity, runtime }: RuntimeStreamRequest, outlet: Outlet) => {
  const subscriber: RuntimeSubscriber = {
    runtime,
    keyId: identity.actor.id,
    outlet,
    streamId: randomUUID().slice(0, 13),
    events: 0,
    identity,
    keys: keysOf(identity),
    told: undefined,
    isOpen: true,
  };
  hub.subscribers.add(subscriber);
  outlet.onClose(() => forget(hub, subscriber));
  send(hub, subscriber, [{ id: placeOf(subscriber), retryMs: randomMs(1_000, 5_000) }]);
  // It was admitted when its request came, and this may have begun to stop since.
  if (hub.isStopping) end(hub, subscriber, "stopping");
  else hub.whenOpened();
};

const placeOf = ({ events, streamId }: RuntimeSubscriber): string => `${streamId}-${events}`;

/** Who takes too little is dropped, so that nobody waits for them: they come back, and read. */
const send = (
  hub: RuntimeHub,
  subscriber: RuntimeSubscriber,
  events: readonly StreamEvent[],
): void => {
  const { isOpen, outlet } = subscriber;
  if (!isOpen) return;
  try {
    outlet.write(createPiece(events));
    if (outlet.buffered() <= maxBufferedBytes) return;
  } catch {
    // A connection that fails is as good as one that takes nothing.
  }
  hub.dropped += 1;
  outlet.destroy();
  forget(hub, subscriber);
};

const end = (hub: RuntimeHub, subscriber: RuntimeSubscriber, reason: EndReason): void => {
  const { isOpen, outlet } = subscriber;
  if (!isOpen) return;
  send(hub, subscriber, [closeEvent(placeOf(subscriber), reason)]);
  // It still counts until it has gone.
  subscriber.isOpen = false;
  outlet.end(closeCodes[reason]);
  setTimeout(() => outlet.destroy(), farewellMs);
};

const forget = (hub: RuntimeHub, subscriber: RuntimeSubscriber): void => {
  subscriber.isOpen = false;
  hub.subscribers.remove(subscriber);
  if (hub.subscribers.count() === 0) hub.whenEmpty();
};

const recheck = async (hub: RuntimeHub, sql: Sql): Promise<{ readonly ended: number }> => {
  let ended = 0;
  for (const [keyId, streams] of hub.subscribers.byKey()) {
    const holder = await holderOf(hub, sql, keyId);
    for (const subscriber of streams) {
      if (!subscriber.isOpen || holder === subscriber.identity) continue;
      if (typeof holder !== "string") {
        const isSame = keysOf(holder).fingerprint === subscriber.keys.fingerprint;
        if (isSame) subscriber.identity = holder;
        if (isSame) continue;
      }
      end(hub, subscriber, typeof holder === "string" ? holder : "grants-changed");
      ended += 1;
    }
  }
  return { ended };
};

const stop = async (hub: RuntimeHub): Promise<void> => {
  hub.isStopping = true;
  const { promise, resolve } = Promise.withResolvers<void>();
  hub.whenEmpty = resolve;
  for (const subscriber of hub.subscribers.all()) end(hub, subscriber, "stopping");
  if (hub.subscribers.count() === 0) resolve();
  const timer = setTimeout(resolve, farewellMs + 500);
  await promise;
  clearTimeout(timer);
};
