import type { Identity } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Sql } from "../platform/sql.ts";
import { resetEvent } from "./change-event.ts";
import { end, type HubState, keysOf, placeOf, tell } from "./hub-state.ts";
import type { Subscriber } from "./subscriber.ts";

/** Ends the streams of keys that no longer count, or whose grants say something else now. */
export const recheckKeys = async (
  state: HubState,
  sql: Sql,
): Promise<{ readonly ended: number }> => {
  let ended = 0;
  for (const [keyId, streams] of state.subscribers.byKey()) {
    const holder = await holderOf(state, sql, keyId);
    for (const subscriber of streams) {
      if (!subscriber.isOpen || holder === subscriber.identity) continue;
      const reason = typeof holder === "string" ? holder : checkGrants(subscriber, holder);
      if (reason === undefined) continue;
      if (reason === "grants-changed") {
        tell(state, subscriber, resetEvent(placeOf(state, subscriber), reason));
      }
      end(state, subscriber, reason);
      ended += 1;
    }
  }
  return { ended };
};

/** Who holds a key now, or why nobody does. */
export const holderOf = async (
  { access }: Pick<HubState, "access">,
  sql: Sql,
  keyId: string,
): Promise<Identity | "key-ended" | "unavailable"> => {
  try {
    return await access.holderOf(sql, keyId);
  } catch (error) {
    const isUnknown = error instanceof Problem && error.code === "UNAUTHENTICATED";
    return isUnknown ? "key-ended" : "unavailable";
  }
};

const checkGrants = (subscriber: Subscriber, holder: Identity): "grants-changed" | undefined => {
  const { fingerprint } = keysOf(holder, subscriber.filter);
  if (fingerprint !== subscriber.keys.fingerprint) return "grants-changed";
  subscriber.identity = holder;
  return undefined;
};
