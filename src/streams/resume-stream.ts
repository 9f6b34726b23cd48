import { createHash } from "node:crypto";
import type { Identity } from "../context.ts";
import type { Outlet } from "../http/live.ts";
import type { Sql } from "../platform/sql.ts";
import { resetEvent } from "./change-event.ts";
import { type HubState, keysOf, refuse } from "./hub-state.ts";
import { holderOf } from "./recheck-keys.ts";
import type { StreamFilter } from "./stream-filter.ts";

/** What is kept of a stream whose connection may outlive the process. */
export interface SavedStream {
  readonly keyId: string;
  readonly filter: StreamFilter;
  /** Tells whether its key still permits the same keys. */
  readonly permitted: string;
  /** The id of the last event that the client was sent. */
  readonly after: string;
}

export const saveStream = (
  identity: Identity,
  filter: StreamFilter,
): Omit<SavedStream, "after"> => ({
  keyId: identity.actor.id,
  filter,
  permitted: permittedBy(identity, filter),
});

/** Who a stream goes on for; undefined where it has been told why it cannot. */
export const resumeStream = async (
  state: HubState,
  { after, filter, keyId, permitted }: SavedStream,
  outlet: Outlet,
  sql: Sql,
): Promise<Identity | undefined> => {
  const holder = await holderOf(state, sql, keyId);
  if (typeof holder === "string") {
    refuse(outlet, after, holder);
    return undefined;
  }
  if (permittedBy(holder, filter) !== permitted) {
    refuse(outlet, after, "grants-changed", [resetEvent(after, "grants-changed")]);
    return undefined;
  }
  return holder;
};

/** A fingerprint may be as long as the patterns of a key are many. */
const permittedBy = (identity: Identity, filter: StreamFilter): string =>
  createHash("sha256").update(keysOf(identity, filter).fingerprint).digest("base64url");
