import type { AccessPoint } from "../../access/store/read-access.ts";
import type { CachePoint } from "../../layers/cache/layer-cache.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import { readState, writeState } from "./state.ts";

/** What PostgreSQL held when a publisher last looked. */
export interface Confirmation {
  readonly point: CachePoint;
  readonly access: AccessPoint;
  /** What this authority's clock said before the look began; null where the publisher does not know. */
  readonly mark: number | null;
}

/** What is served. */
interface Served {
  readonly point: CachePoint | undefined;
  readonly access: AccessPoint | undefined;
}

/** For how long it has not been known that what is served here is the newest. */
export interface Confirmations {
  /** Answers the mark for the publisher's next look. */
  take(confirmation: Confirmation, served: Served): number;
  /** To be called when what is served has moved: it may have come to what was confirmed before. */
  moved(served: Served): void;
  layersAgeMs(): number;
  accessAgeMs(): number;
}

/** Each row that is written costs; after a restart the age may be too high by this. */
const keepEveryMs = 5_000;
/** While what is served lags, so many looks wait for it to come to what they saw. */
const maxPending = 20;

export const createConfirmations = (sql: AuthoritySql, nowMs: () => number): Confirmations => {
  let kept = readState(sql, "confirmed");
  let layersAtMs = kept?.layersAtMs ?? Number.NEGATIVE_INFINITY;
  let accessAtMs = kept?.accessAtMs ?? Number.NEGATIVE_INFINITY;
  let pending: readonly (Confirmation & { readonly mark: number })[] = [];

  const keep = (): void => {
    const isKnown = Number.isFinite(layersAtMs) && Number.isFinite(accessAtMs);
    if (!isKnown || layersAtMs - (kept?.layersAtMs ?? 0) < keepEveryMs) return;
    kept = { layersAtMs, accessAtMs };
    writeState(sql, "confirmed", kept);
  };

  const moved = (served: Served): void => {
    for (const { access, mark, point } of pending) {
      if (reaches(served.point, point)) layersAtMs = Math.max(layersAtMs, mark);
      if (knows(served.access, access)) accessAtMs = Math.max(accessAtMs, mark);
    }
    pending = pending
      .filter(({ mark }) => mark > layersAtMs || mark > accessAtMs)
      .slice(-maxPending);
    keep();
  };

  return {
    moved,
    take(confirmation, served) {
      const { mark } = confirmation;
      // A mark of the future is nobody's look.
      if (mark !== null && mark <= nowMs()) {
        pending = [...pending, { ...confirmation, mark }];
        moved(served);
      }
      return nowMs();
    },
    layersAgeMs: () => nowMs() - layersAtMs,
    accessAgeMs: () => nowMs() - accessAtMs,
  };
};

const reaches = (served: CachePoint | undefined, point: CachePoint): boolean =>
  served?.epoch === point.epoch &&
  served.revision >= point.revision &&
  served.namesVersion >= point.namesVersion;

const knows = (served: AccessPoint | undefined, access: AccessPoint): boolean =>
  served?.epoch === access.epoch && served.version >= access.version;
