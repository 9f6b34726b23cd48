import { describeError } from "../../src/platform/log.ts";
import { replacePool } from "../../src/platform/sql.ts";
import { withDeadline } from "../../src/platform/with-deadline.ts";
import { beginAttempts, type LaneTake } from "../../src/webhooks/deliveries/begin-attempts.ts";
import { type ClaimedLane, claimLanes } from "../../src/webhooks/deliveries/claim-lanes.ts";
import { disableOwnerless } from "../../src/webhooks/deliveries/disable-ownerless.ts";
import { disableWebhook } from "../../src/webhooks/deliveries/disable-webhook.ts";
import { recordOutcomes } from "../../src/webhooks/deliveries/record-outcomes.ts";
import { releaseLanes } from "../../src/webhooks/deliveries/release-lanes.ts";
import { renewLanes } from "../../src/webhooks/deliveries/renew-lanes.ts";
import { takeOver } from "../../src/webhooks/deliveries/take-over.ts";
import type { DispatchState } from "./dispatch-state.ts";
import { isIdle, type Lane } from "./lane-state.ts";
import { planTakes, suspectsOf, undoneLanes, wantedLanes } from "./schedule.ts";
import { undo } from "./settle.ts";

const statementTimeoutMs = 10_000;
const ownersEveryMs = 1_000;

/** A connection that swallows bytes must not stop all deliveries. */
export const inTime = <Result>({ deps }: DispatchState, query: Promise<Result>): Promise<Result> =>
  withDeadline(query, statementTimeoutMs, () => replacePool(deps.sql));

/**
 * Writes down what has ended, begins what is due, takes lanes and gives back those with nothing left:
 * a few statements, whatever the number of deliveries.
 *
 * @returns whether there was anything to do
 */
export const dispatchRound = async (state: DispatchState): Promise<boolean> => {
  const nowMs = performance.now();
  if (nowMs >= state.renewAtMs && state.lanes.size > 0) await renew(state, nowMs);
  putBackSuspects(state, nowMs);
  const wanted = wantedLanes(state, nowMs);
  const hasWork = state.ends.length > 0 || wanted > 0;
  // What is put back goes before what is newer, so it has to be there when more is begun.
  const begun = record(state).then(() => begin(state, planTakes(state, nowMs)));
  const steps = [begun, claim(state, wanted, nowMs)] as const;
  const results = await Promise.allSettled(steps);
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  const released = await release(state);
  return hasWork || (await begun) || released;
};

/** What was begun ahead for a receiver while it was quick is more than its share when it is slow. */
const putBackSuspects = (state: DispatchState, nowMs: number): void => {
  const suspects = new Set(suspectsOf(state, nowMs));
  for (const lane of state.lanes.values()) {
    const isSuspect = suspects.has(lane);
    if (isSuspect && !lane.wasSuspect) putBack(state, lane.webhookId);
    lane.wasSuspect = isSuspect;
  }
};

const record = async (state: DispatchState): Promise<void> => {
  const { ends } = state;
  if (ends.length === 0) return;
  state.ends = [];
  try {
    const { hopeless } = await inTime(state, recordOutcomes(state.deps.sql, ends));
    for (const webhookId of hopeless) await disable(state, { webhookId, reason: "failing" });
  } catch (error) {
    // Their rows say that they are being sent until this works, or somebody else takes the lane.
    state.ends = [...ends, ...state.ends];
    throw error;
  }
};

interface Disabling {
  readonly webhookId: string;
  readonly reason: "failing" | "gone";
  readonly version?: number;
}

/** What made it so comes again with the next attempt, so a failure here is no loss. */
export const disable = async (state: DispatchState, disabling: Disabling): Promise<void> => {
  const { log, sql } = state.deps;
  const { reason, webhookId } = disabling;
  try {
    if (await disableWebhook(sql, disabling)) log.warn("disabled a webhook", { webhookId, reason });
    putBack(state, webhookId);
  } catch (error) {
    log.error("could not disable a webhook", { webhookId, reason, ...describeError(error) });
  }
};

/** What was begun ahead for a lane is not sent by now. */
export const putBack = (state: DispatchState, webhookId: string): void => {
  const lane = state.lanes.get(webhookId);
  if (lane === undefined) return;
  if (lane.queue.length > 0) lane.mayHaveMore = true;
  for (const attempt of lane.queue.splice(0)) state.ends.push(undo(attempt, lane.fence));
};

/** @returns whether there was anything to begin */
const begin = async (state: DispatchState, takes: readonly LaneTake[]): Promise<boolean> => {
  if (takes.length === 0) return false;
  const { looks } = state;
  const { attempts, isCut } = await beginKnown(state, takes);
  const byLane = Map.groupBy(attempts, ({ webhookId }) => webhookId);
  const undone = undoneLanes(state);
  for (const { fence, take, webhookId } of takes) {
    const begun = byLane.get(webhookId) ?? [];
    const lane = state.lanes.get(webhookId);
    // Lost meanwhile: whoever holds it by now finds what was begun.
    if (lane === undefined || lane.fence !== fence) continue;
    lane.queue.push(...begun);
    lane.queue.sort((one, other) => one.sequence - other.sequence);
    lane.mayHaveMore = isCut || begun.length >= take || state.looks !== looks;
    // What is older was put back meanwhile, or nothing is to be sent any more.
    if (undone.has(webhookId) || state.isStopping) putBack(state, webhookId);
  }
  return true;
};

/** Where the answer is lost, so are the ids of what was begun: only giving the lane back finds them. */
const beginKnown = async (state: DispatchState, takes: readonly LaneTake[]) => {
  const { holder, sql } = state.deps;
  try {
    return await inTime(state, beginAttempts(sql, holder, takes));
  } catch (error) {
    for (const { fence, webhookId } of takes) {
      const lane = state.lanes.get(webhookId);
      if (lane?.fence === fence) lane.isUncertain = true;
    }
    throw error;
  }
};

const claim = async (state: DispatchState, limit: number, nowMs: number): Promise<void> => {
  if (limit === 0) return;
  const { holder, leaseMs, sql } = state.deps;
  state.wantsLanes = false;
  let claimed: readonly ClaimedLane[];
  try {
    claimed = await inTime(state, claimLanes(sql, { holder, leaseMs, limit }));
    const held = claimed.filter(({ wasHeld }) => wasHeld);
    const takenOver = await inTime(state, takeOver(sql, held));
    state.counts.takenOver += takenOver.length;
  } catch (error) {
    state.wantsLanes = true;
    throw error;
  }
  state.wantsLanes ||= claimed.length >= limit;
  state.counts.claimed += claimed.length;
  for (const lane of claimed) addLane(state, lane, nowMs);
  await checkOwners(state);
};

const addLane = (state: DispatchState, claimed: ClaimedLane, nowMs: number): void => {
  const { createdAt, fence, isFailing, owner, webhookId } = claimed;
  if (isFailing) state.governor.suspect(webhookId);
  state.lanes.get(webhookId)?.lost.abort();
  state.lanes.set(webhookId, {
    webhookId,
    fence,
    owner,
    createdAt,
    queue: [],
    flights: new Map(),
    lost: new AbortController(),
    leaseUntilMs: nowMs + state.deps.leaseMs,
    mayHaveMore: true,
    isUncertain: false,
    wasSuspect: false,
  });
};

/** Disables what belongs to keys that count no more; nobody announces their end. */
const checkOwners = async (state: DispatchState): Promise<void> => {
  const { lanes, ownersSeenMs } = state;
  const nowMs = performance.now();
  const unseen = [...lanes.values()].filter(
    ({ owner }) => nowMs - (ownersSeenMs.get(owner) ?? Number.NEGATIVE_INFINITY) >= ownersEveryMs,
  );
  if (unseen.length === 0) return;
  const { log, sql } = state.deps;
  const owned = unseen.map(({ createdAt, owner, webhookId: id }) => ({ id, owner, createdAt }));
  const ended = await inTime(state, disableOwnerless(sql, owned));
  if (ended.length > 0) log.warn("disabled webhooks whose owners' keys count no more", { ended });
  for (const id of ended) putBack(state, id);
  ownersSeenMs.clear();
  for (const { owner } of unseen) ownersSeenMs.set(owner, nowMs);
};

const renew = async (state: DispatchState, nowMs: number): Promise<void> => {
  const { deps, lanes } = state;
  const claims = [...lanes.values()].map(({ fence, webhookId }) => ({ fence, webhookId }));
  const held = await inTime(state, renewLanes(deps.sql, deps, claims));
  for (const { fence, webhookId } of claims) {
    const lane = lanes.get(webhookId);
    if (lane === undefined || lane.fence !== fence) continue;
    if (held.has(webhookId)) lane.leaseUntilMs = nowMs + deps.leaseMs;
    else lose(state, lane);
  }
  state.renewAtMs = nowMs + deps.leaseMs / 3;
  await checkOwners(state);
};

const lose = ({ deps, lanes }: DispatchState, lane: Lane): void => {
  lanes.delete(lane.webhookId);
  lane.queue.length = 0;
  lane.lost.abort();
  deps.log.warn("somebody else sends to a webhook by now, or it is gone", {
    webhookId: lane.webhookId,
  });
};

const release = async (state: DispatchState): Promise<boolean> => {
  const { deps, ends, lanes } = state;
  const unwritten = new Set(ends.map(({ webhookId }) => webhookId));
  const idle = [...lanes.values()].filter(
    (lane) =>
      isIdle(lane) &&
      !unwritten.has(lane.webhookId) &&
      (state.isStopping || lane.isUncertain || !lane.mayHaveMore),
  );
  if (idle.length === 0) return false;
  for (const { webhookId } of idle) lanes.delete(webhookId);
  const claims = idle.map(({ fence, isUncertain, webhookId }) => ({
    fence,
    isUncertain,
    webhookId,
  }));
  await inTime(state, releaseLanes(deps.sql, deps.holder, claims));
  state.wantsLanes ||= idle.some(({ isUncertain }) => isUncertain);
  return true;
};
