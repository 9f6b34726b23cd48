import { Buffer } from "node:buffer";
import type { PositionView } from "../layers/memory/position-view.ts";
import { scopesOf } from "../layers/resolve.ts";
import type { KeyFilter } from "../permissions/key-filter.ts";
import { type StreamChange, type StreamRevision, scopeId } from "./recent-changes.ts";
import type { StreamFilter } from "./stream-filter.ts";
import { formatId } from "./stream-id.ts";
import { blockOf, type StreamEvent } from "./stream-piece.ts";

/** Past this an event says "read anew" in place of what changed. */
export const maxEventBytes = 65_536;

/** No change's JSON is shorter than 70 bytes, so more of them need not be written out to know. */
const maxChanges = maxEventBytes / 70;

/** Who is told, and what they may be told. */
export interface Audience {
  readonly filter: StreamFilter;
  readonly keys: KeyFilter;
}

/** What somebody is told of a revision; undefined where nothing in it is for them. */
export const changeEvent = (
  epoch: string,
  revision: StreamRevision,
  audience: Audience,
  /** What the position resolves to now: for those who want values. */
  view: PositionView | undefined,
): StreamEvent | undefined => {
  const changes = visibleChanges(revision, audience);
  if (changes.length === 0) return undefined;
  const id = formatId({ epoch, revision: revision.revision });
  const data = changeData(epoch, revision, changes, view);
  const event: StreamEvent = { id, event: "change", data: data ?? "" };
  const fits = data !== undefined && Buffer.byteLength(blockOf(event)) <= maxEventBytes;
  return fits ? event : resetEvent(id, "event-too-large");
};

/** Whether somebody would be told of a revision. */
export const concerns = (revision: StreamRevision, audience: Audience): boolean =>
  visibleChanges(revision, audience).length > 0;

/** Why a client must read anew. */
export type ResetReason =
  | "event-too-large"
  | "unknown-id"
  | "other-epoch"
  | "ahead"
  | "past-retention"
  | "grants-changed";

export const resetEvent = (id: string, reason: ResetReason): StreamEvent => ({
  id,
  event: "reset",
  data: JSON.stringify({ reason }),
});

const visibleChanges = (
  { byScope }: StreamRevision,
  { filter: { app, environment, prefix }, keys }: Audience,
): StreamChange[] => {
  const visible: StreamChange[] = [];
  for (const [ofApp, ofEnvironment] of scopesOf(app, environment)) {
    for (const change of byScope.get(scopeId(ofApp, ofEnvironment)) ?? []) {
      if (change.key.startsWith(prefix) && keys.allows(change.key)) visible.push(change);
      if (visible.length > maxChanges) return visible;
    }
  }
  return visible;
};

/** A CloudEvents 1.0 document, as the outbox has it; undefined where it is longer than an event. */
const changeData = (
  epoch: string,
  { committedAt, revision }: StreamRevision,
  changes: readonly StreamChange[],
  view: PositionView | undefined,
): string | undefined => {
  if (changes.length > maxChanges) return undefined;
  const texts: string[] = [];
  let length = 0;
  for (const { key, text } of changes) {
    const value = view === undefined ? "" : `,"value":${JSON.stringify(valueNow(view, key))}`;
    const made = `{${text}${value}}`;
    texts.push(made);
    length += made.length;
    if (length > maxEventBytes) return undefined;
  }
  const head = JSON.stringify({
    specversion: "1.0",
    id: formatId({ epoch, revision }),
    source: "/fairlead",
    type: "dev.fairlead.change.v1",
    time: committedAt,
    datacontenttype: "application/json",
  }).slice(0, -1);
  return `${head},"data":{"epoch":"${epoch}","revision":${revision},"changes":[${texts.join(",")}]}}`;
};

/** Null for a key that is gone, as for one whose value is null. */
const valueNow = (view: PositionView, key: string): unknown => view.resolved(key)?.value ?? null;
