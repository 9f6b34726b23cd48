import type { HeldLease, LeasedSpec } from "./runtime-shapes.ts";

/** A job spec that the runtime holds. Times are of its own clock, which never goes back. */
export interface HeldSpec {
  readonly leased: LeasedSpec;
  /** When it was learnt that it is held. */
  readonly sinceMs: number;
  /** Up to when nobody else can have it. */
  leaseEndsMs: number;
  /** From when on it is to be run; undefined: when its version changes. */
  dueMs: number | undefined;
  /** When it was learnt last what came of a run: an answer that was asked for before does not know. */
  settledMs: number;
  /** Ends its run, or the report of it; undefined where there is none. */
  work: AbortController | undefined;
}

interface Exchange {
  readonly sentMs: number;
  readonly answeredMs: number;
}

/** What a runtime holds, as far as it knows. */
export interface HeldSpecs {
  all(): readonly HeldSpec[];
  get(id: string): HeldSpec | undefined;
  /** Takes what was leased, or prolonged, when the exchange began. */
  take(specs: readonly LeasedSpec[], exchange: Exchange): void;
  /** Takes what a heartbeat says is held; answers whether the list says more. */
  renew(leases: readonly HeldLease[], exchange: Exchange): boolean;
  drop(id: string, why: string): void;
  /** As `drop`, for what is given back: an answer that was sent before does not bring it back. */
  release(id: string): void;
  /** Drops what somebody else may have by now. */
  dropExpired(): void;
}

interface HeldOptions {
  readonly leaseSeconds: number;
  readonly nowMs: () => number;
  readonly onDrop: (spec: HeldSpec, why: string) => void;
}

/** How long it is remembered that a spec was given back: longer than any request takes. */
const releasedForMs = 300_000;

interface State extends HeldOptions {
  readonly held: Map<string, HeldSpec>;
  readonly releasedMs: Map<string, number>;
}

export const createHeldSpecs = (options: HeldOptions): HeldSpecs => {
  const state: State = { ...options, held: new Map(), releasedMs: new Map() };
  const { held, nowMs } = state;
  return {
    all: () => [...held.values()],
    get: (id) => held.get(id),
    take(specs, exchange) {
      for (const leased of specs) takeOne(state, leased, exchange);
    },
    renew: (leases, exchange) => renew(state, leases, exchange),
    drop(id, why) {
      const spec = held.get(id);
      if (spec !== undefined) drop(state, spec, why);
    },
    release: (id) => release(state, id),
    dropExpired() {
      // What is dropped meanwhile is not come to again.
      for (const spec of held.values()) {
        if (nowMs() >= spec.leaseEndsMs)
          drop(state, spec, "its lease could not be renewed in time");
      }
    },
  };
};

const forget = ({ held }: State, spec: HeldSpec): void => {
  held.delete(spec.leased.id);
  spec.work?.abort();
};

const drop = (state: State, spec: HeldSpec, why: string): void => {
  forget(state, spec);
  state.onDrop(spec, why);
};

const release = (state: State, id: string): void => {
  const { held, nowMs, releasedMs } = state;
  const now = nowMs();
  for (const [old, atMs] of releasedMs) if (now - atMs > releasedForMs) releasedMs.delete(old);
  releasedMs.set(id, now);
  const spec = held.get(id);
  if (spec !== undefined) forget(state, spec);
};

const renew = (state: State, leases: readonly HeldLease[], exchange: Exchange): boolean => {
  const { held, leaseSeconds } = state;
  const leaseEndsMs = exchange.sentMs + leaseSeconds * 1_000;
  let isMore = false;
  for (const lease of leases) {
    const spec = held.get(lease.id);
    if (spec?.leased.fence === lease.fence) {
      spec.leaseEndsMs = Math.max(spec.leaseEndsMs, leaseEndsMs);
    }
    if (spec !== undefined && isSame(spec.leased, lease)) {
      takeDue(spec, lease.dueInSeconds, exchange);
    } else isMore = true;
  }
  // What was held when it was asked, and is not listed, is lost.
  const listed = new Set(leases.map(({ id }) => id));
  for (const spec of held.values()) {
    const isLost = spec.sinceMs <= exchange.sentMs && !listed.has(spec.leased.id);
    if (isLost) drop(state, spec, "it was taken or removed");
  }
  return isMore;
};

/** Keeps what is known, and what was given back meanwhile. */
const takeOne = (state: State, leased: LeasedSpec, exchange: Exchange): void => {
  const { held, leaseSeconds, releasedMs } = state;
  const { answeredMs, sentMs } = exchange;
  const { dueInSeconds, id } = leased;
  const leaseEndsMs = sentMs + leaseSeconds * 1_000;
  const known = held.get(id);
  if (known !== undefined && isOlder(known.leased, leased)) return;
  if (known !== undefined && isSame(known.leased, leased)) {
    known.leaseEndsMs = Math.max(known.leaseEndsMs, leaseEndsMs);
    takeDue(known, dueInSeconds, exchange);
    return;
  }
  if ((releasedMs.get(id) ?? Number.NEGATIVE_INFINITY) >= sentMs) return;
  known?.work?.abort();
  held.set(id, {
    leased,
    sinceMs: answeredMs,
    leaseEndsMs,
    dueMs: dueMsOf(dueInSeconds, answeredMs),
    settledMs: answeredMs,
    work: undefined,
  });
};

type Named = Pick<LeasedSpec, "fence" | "version">;

const isSame = (one: Named, other: Named): boolean =>
  one.fence === other.fence && one.version === other.version;

/** Whether an answer has been overtaken by another one. */
const isOlder = (known: Named, told: Named): boolean =>
  told.fence < known.fence || (told.fence === known.fence && told.version < known.version);

const takeDue = (
  spec: HeldSpec,
  dueInSeconds: number | null | undefined,
  { answeredMs, sentMs }: Exchange,
): void => {
  if (spec.work !== undefined || spec.settledMs > sentMs) return;
  const dueMs = dueMsOf(dueInSeconds, answeredMs);
  // What has waited keeps its place.
  if (dueMs !== undefined && spec.dueMs !== undefined && spec.dueMs < dueMs) {
    if (dueMs <= answeredMs) return;
  }
  spec.dueMs = dueMs;
};

const dueMsOf = (
  dueInSeconds: number | null | undefined,
  answeredMs: number,
): number | undefined =>
  dueInSeconds === null || dueInSeconds === undefined
    ? undefined
    : answeredMs + dueInSeconds * 1_000;
