import type { Identity } from "../../context.ts";
import type { KeyRecord, Keyring } from "./keyring.ts";

/** Keys that were verified within the last seconds, so that a request need not hash its own. */
export interface RememberedKeys {
  keep(presented: string, record: KeyRecord): void;
  /** Whose key it is; undefined where that must be verified anew. */
  find(presented: string): Identity | undefined;
}

/** For how long a verified key is not hashed again, and how many of them are remembered. */
const rememberedMs = 10_000;
const maxRemembered = 10_000;

interface Remembered {
  readonly record: KeyRecord;
  readonly untilMs: number;
}

export const createRememberedKeys = (keyring: Keyring, nowMs: () => number): RememberedKeys => {
  const remembered = new Map<string, Remembered>();
  return {
    keep: (presented, record) => {
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(presented, { record, untilMs: nowMs() + rememberedMs });
    },
    find: (presented) => {
      const hit = remembered.get(presented);
      if (hit === undefined) return undefined;
      const { record, untilMs } = hit;
      // A record is replaced when its key changes, so an old one is no longer current.
      if (untilMs > nowMs() && keyring.isCurrent(record) && record.expiresAtMs > Date.now()) {
        return keyring.identityOf(record);
      }
      remembered.delete(presented);
      return undefined;
    },
  };
};
