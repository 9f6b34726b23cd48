import type { Attempt, LaneTake } from "../../src/webhooks/deliveries/begin-attempts.ts";
import type { DispatchState } from "./dispatch-state.ts";
import { type Lane, nextReady } from "./lane-state.ts";

/** What is begun ahead for each request that a quick receiver may get at once. */
const begunAhead = 16;

/** However slow receivers are: as many times what is configured may be under way, and begun, in all. */
const mostTimes = 2;

const flightsOf = (lanes: Iterable<Lane>): number => {
  let count = 0;
  for (const { flights } of lanes) count += flights.size;
  return count;
};

const begunOf = (lanes: Iterable<Lane>): number => {
  let count = 0;
  for (const { flights, queue } of lanes) count += flights.size + queue.length;
  return count;
};

/**
 * What is left of a limit. Those that became slow may hold more than their share, from when they were
 * quick: what is above it is not taken from the others.
 */
const leftOf = (limit: number, all: number, ofSuspects: number, suspectsMost: number): number => {
  const counted = all - ofSuspects + Math.min(ofSuspects, suspectsMost);
  return Math.min(limit - counted, limit * mostTimes - all);
};

export const suspectsOf = ({ governor, lanes }: DispatchState, nowMs: number): Lane[] =>
  [...lanes.values()].filter((lane) => governor.isSuspect(lane, nowMs));

/** Those that fail or are slow share a quarter of all requests, so that the rest is for the others. */
const suspectLimit = (concurrency: number): number => Math.max(1, Math.floor(concurrency / 4));

/** What may be sent at this moment, in turns over the lanes. */
export const readyAttempts = (
  state: DispatchState,
  nowMs: number,
): readonly (readonly [Lane, Attempt])[] => {
  const { deps, governor, lanes } = state;
  const suspects = new Set(suspectsOf(state, nowMs));
  const suspectsMost = suspectLimit(deps.concurrency);
  const ofSuspects = flightsOf(suspects);
  let free = leftOf(deps.concurrency, flightsOf(lanes.values()), ofSuspects, suspectsMost);
  let freeForSuspects = suspectsMost - ofSuspects;
  const ready: (readonly [Lane, Attempt])[] = [];
  let turn = [...lanes.values()].filter(({ queue }) => queue.length > 0);
  while (turn.length > 0 && free > 0) {
    const again: Lane[] = [];
    for (const lane of turn) {
      const isSuspect = suspects.has(lane);
      const isFree = free > 0 && (!isSuspect || freeForSuspects > 0);
      if (!isFree || lane.flights.size >= governor.allowed(lane.webhookId)) continue;
      const attempt = nowMs < lane.leaseUntilMs ? takeReady(lane, nowMs) : undefined;
      if (attempt === undefined) continue;
      ready.push([lane, attempt]);
      again.push(lane);
      free -= 1;
      freeForSuspects -= isSuspect ? 1 : 0;
    }
    turn = again;
  }
  for (const [lane] of ready) moveToEnd(lanes, lane);
  return ready;
};

const takeReady = (lane: Lane, nowMs: number): Attempt | undefined => {
  const attempt = nextReady(lane);
  if (attempt === undefined) return undefined;
  lane.queue.splice(lane.queue.indexOf(attempt), 1);
  lane.flights.set(attempt.id, { attempt, startedMs: nowMs });
  return attempt;
};

const moveToEnd = (lanes: Map<string, Lane>, lane: Lane): void => {
  lanes.delete(lane.webhookId);
  lanes.set(lane.webhookId, lane);
};

/** How many deliveries to begin of which lanes: some ahead of quick receivers, and never many in all. */
export const planTakes = (state: DispatchState, nowMs: number): readonly LaneTake[] => {
  const { deps, governor, lanes } = state;
  if (state.isStopping) return [];
  const suspects = new Set(suspectsOf(state, nowMs));
  const suspectsMost = suspectLimit(deps.concurrency);
  const ofSuspects = begunOf(suspects);
  const all = begunOf(lanes.values());
  let room = leftOf(deps.concurrency * begunAhead, all, ofSuspects, suspectsMost);
  let roomForSuspects = suspectsMost - ofSuspects;
  const undone = undoneLanes(state);
  const takes: LaneTake[] = [];
  const asking = [...lanes.values()].filter(
    (lane) =>
      lane.mayHaveMore &&
      !lane.isUncertain &&
      !undone.has(lane.webhookId) &&
      nowMs < lane.leaseUntilMs,
  );
  const share = Math.ceil(room / asking.length);
  for (const lane of asking) {
    const allowed = governor.allowed(lane.webhookId);
    const isSuspect = suspects.has(lane);
    const wanted = isSuspect
      ? Math.min(allowed - lane.flights.size - lane.queue.length, roomForSuspects)
      : wantedAhead(lane, allowed);
    const take = Math.min(wanted, share, room);
    if (take <= 0) continue;
    takes.push({ webhookId: lane.webhookId, fence: lane.fence, take });
    room -= take;
    if (isSuspect) roomForSuspects -= take;
  }
  return takes;
};

/** Those of which something is still to be put back: what is newer must not be begun before it. */
export const undoneLanes = ({ ends }: DispatchState): ReadonlySet<string> =>
  new Set(ends.filter(({ outcome }) => outcome === "undone").map(({ webhookId }) => webhookId));

/** Nothing until what is ahead runs out: statements of many cost as much as statements of one. */
const wantedAhead = ({ queue }: Lane, allowed: number): number =>
  queue.length < (allowed * begunAhead) / 2 ? allowed * begunAhead - queue.length : 0;

/** Whether more lanes are of use: those that wait for slow receivers do not count. */
export const wantedLanes = (state: DispatchState, nowMs: number): number => {
  const { deps, lanes } = state;
  if (state.isStopping || !state.wantsLanes) return 0;
  const quick = lanes.size - suspectsOf(state, nowMs).length;
  return Math.min(deps.concurrency, Math.max(0, deps.concurrency * 2 - quick));
};
