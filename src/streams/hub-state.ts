import type { AccessStore } from "../access/store/access-store.ts";
import type { Identity } from "../context.ts";
import type { LivePiece, Outlet } from "../http/live.ts";
import type { LayerReader } from "../layers/memory/layer-reader.ts";
import type { KeyFilter } from "../permissions/key-filter.ts";
import type { FanOut } from "./fan-out.ts";
import type { MissedChanges } from "./read-missed.ts";
import { type RecentChanges, streamedKind } from "./recent-changes.ts";
import type { StreamFilter } from "./stream-filter.ts";
import type { StreamGroups } from "./stream-groups.ts";
import { formatId } from "./stream-id.ts";
import { createPiece, type StreamEvent } from "./stream-piece.ts";
import type { Subscriber } from "./subscriber.ts";
import type { StreamLimits, Subscribers } from "./subscribers.ts";

export interface HubOptions extends StreamLimits {
  readonly layers: LayerReader;
  readonly access: AccessStore;
  /** Where clients' past comes from that is not in memory; PostgreSQL, if left out. */
  readonly missed?: MissedChanges;
  /**
   * Whoever has more than this waiting is told at his own pace: for runtimes that write nothing before
   * the next turn, where a burst waits for everybody.
   */
  readonly paceBytes?: number;
}

/** What the parts of a hub share. */
export interface HubState extends HubOptions {
  readonly recent: RecentChanges;
  readonly missed: MissedChanges;
  readonly groups: StreamGroups;
  readonly subscribers: Subscribers<Subscriber>;
  readonly fanOut: FanOut;
  isStopping: boolean;
  dropped: number;
  /** Called whenever nobody is left. */
  whenEmpty: () => void;
}

/** Why a stream is ended, with what a WebSocket is closed with: RFC 6455's codes, or our own. */
export const closeCodes = {
  stopping: 1012,
  unavailable: 1013,
  "key-ended": 4401,
  "grants-changed": 4403,
} as const;

export type EndReason = keyof typeof closeCodes;

/** What waits for a client past this number of bytes is given up, and the client with it. */
export const maxBufferedBytes = 256 * 1_024;

/** For how long somebody who is told to go may take the last words. */
export const farewellMs = 2_000;

/** The keys that a stream is about. */
export const keysOf = ({ permissions }: Identity, { app, environment }: StreamFilter): KeyFilter =>
  permissions.keys("entries.read", streamedKind, app, environment);

/** Up to where a client has been told everything that is for it. */
export const placeOf = ({ fanOut }: HubState, subscriber: Subscriber): string => {
  const { epoch, group, revision } = subscriber;
  return formatId({ epoch, revision: group === undefined ? revision : fanOut.told(subscriber) });
};

/** Who takes too little is dropped, so that nobody waits for them: they come back with the last id. */
export const send = (state: HubState, subscriber: Subscriber, piece: LivePiece): void => {
  const { isOpen, outlet } = subscriber;
  if (!isOpen || isTaken(state, outlet, piece)) return;
  state.dropped += 1;
  outlet.destroy();
  forget(state, subscriber);
};

/** A connection that fails is as good as one that takes nothing: others must not notice either. */
const isTaken = ({ paceBytes }: HubState, outlet: Outlet, piece: LivePiece): boolean => {
  try {
    const waitedBytes = outlet.buffered();
    outlet.write(piece);
    // Where nothing is written before the next turn, nobody can have taken any of this piece.
    const waitingBytes = paceBytes === undefined ? outlet.buffered() : waitedBytes;
    return waitingBytes <= maxBufferedBytes;
  } catch {
    return false;
  }
};

export const tell = (state: HubState, subscriber: Subscriber, event: StreamEvent): void =>
  send(state, subscriber, createPiece([event]));

/** Tells why, and ends the stream. */
export const end = (state: HubState, subscriber: Subscriber, reason: EndReason): void => {
  const { isOpen, outlet } = subscriber;
  if (!isOpen) return;
  tell(state, subscriber, closeEvent(placeOf(state, subscriber), reason));
  // It still counts until it has gone.
  subscriber.isOpen = false;
  state.groups.leave(subscriber);
  outlet.end(closeCodes[reason]);
  setTimeout(() => outlet.destroy(), farewellMs);
};

/** For a stream that has not even begun. */
export const refuse = (
  outlet: Outlet,
  id: string,
  reason: EndReason,
  before: readonly StreamEvent[] = [],
): void => {
  outlet.write(createPiece([...before, closeEvent(id, reason)]));
  outlet.end(closeCodes[reason]);
};

export const closeEvent = (id: string, reason: EndReason): StreamEvent => {
  const retryMs = randomMs(1_000, 10_000);
  return { id, event: "close", data: JSON.stringify({ reason, retryMs }), retryMs };
};

/** After its connection has ended. */
export const forget = (state: HubState, subscriber: Subscriber): void => {
  subscriber.isOpen = false;
  state.groups.leave(subscriber);
  state.subscribers.remove(subscriber);
  if (state.subscribers.count() === 0) state.whenEmpty();
};

/** Somewhere between, so that those who left together do not come back together. */
export const randomMs = (least: number, most: number): number =>
  Math.floor(least + Math.random() * (most - least));
