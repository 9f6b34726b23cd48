import type { LayerReader } from "../layers/memory/layer-reader.ts";

/** What clients of an isolate were shown that did not come from it, and must not be taken back. */
export interface Shown {
  /** Notes what the origin has answered. */
  note(request: Request, response: Response): void;
  /** Whether what is known here is as new as what was shown. */
  isReached(): boolean;
}

/** Publishing takes less than this; a key that was revoked here is refused here at once. */
const accessLagMs = 2_000;
const accessPath = /^\/v1\/(?:api-keys|roles)\b/;

interface ShownPoint {
  /** "" where it is not known of which history it is. */
  readonly epoch: string;
  readonly revision: number;
  /** The history that was known here at that time. */
  readonly knownEpoch: string;
}

export const createShown = (
  { layers }: { readonly layers: Pick<LayerReader, "memory"> },
  nowMs: () => number = () => performance.now(),
): Shown => {
  let shown: ShownPoint = { epoch: "", revision: 0, knownEpoch: "" };
  let accessKnownAtMs = Number.NEGATIVE_INFINITY;

  const noteRevision = (headers: Headers): void => {
    const revision = Number(headers.get("config-revision") ?? 0);
    if (!Number.isSafeInteger(revision) || revision <= 0) return;
    const knownEpoch = layers.memory.point().epoch;
    const epoch = epochOf(headers) ?? knownEpoch;
    const isOther = shown.epoch !== "" && epoch !== "" && epoch !== shown.epoch;
    shown = {
      epoch: epoch === "" ? shown.epoch : epoch,
      revision: isOther ? revision : Math.max(shown.revision, revision),
      knownEpoch,
    };
  };

  return {
    note({ method, url }, { headers, ok }) {
      noteRevision(headers);
      if (ok && method !== "GET" && accessPath.test(new URL(url).pathname)) {
        accessKnownAtMs = nowMs() + accessLagMs;
      }
    },
    isReached() {
      const point = layers.memory.point();
      const isSameHistory = shown.epoch === "" || point.epoch === shown.epoch;
      // Of two histories, the one that has come since is the newer; what comes first may be either.
      const isShown = isSameHistory
        ? point.revision >= shown.revision
        : shown.knownEpoch !== "" && point.epoch !== shown.knownEpoch;
      return isShown && nowMs() >= accessKnownAtMs;
    },
  };
};

/** Entity tags begin with the epoch. */
const epochOf = (headers: Headers): string | undefined =>
  /^"([0-9a-f]{16})\./.exec(headers.get("etag") ?? "")?.[1];
