import { describeError } from "../platform/log.ts";
import { backoffMs, reasonOf } from "./backoff.ts";
import type { CommittedRow, EventConsumer, Point } from "./consumer.ts";
import { type Drain, type DrainCounts, nothingDrained } from "./drain.ts";
import { holdCursor, moveCursor, parkEvent } from "./move-cursor.ts";
import { forgetParked, readDueEvent, retryParked } from "./parked-events.ts";
import { readOutbox } from "./read-outbox.ts";

/** Where a drain of events stands. */
interface Progress {
  cursor: Point;
  /** Failures in a row at the cursor. */
  attempts: number;
  /** Up to here one at a time, to find the one that fails. */
  singleUntil: number;
  /** "waits" until the one at the cursor may be tried again, "lost" where somebody else drains. */
  state: "goes on" | "waits" | "lost";
  counts: { -readonly [Name in keyof DrainCounts]: DrainCounts[Name] };
}

/**
 * Delivers every revision in order, at least once. One that fails waits and is tried again, with all
 * that follow behind it; at the last attempt it is parked, and what follows goes on. What was put back
 * is tried in between, one after each batch.
 */
export const drainEvents = async (drain: Drain, consumer: EventConsumer): Promise<DrainCounts> => {
  const { claim, signal } = drain;
  const progress: Progress = {
    cursor: claim.cursor,
    attempts: claim.attempts,
    singleUntil: 0,
    state: claim.isWaiting ? "waits" : "goes on",
    counts: { ...nothingDrained },
  };
  await adoptEpoch(drain, progress);
  let isDone = false;
  while (!isDone && !signal.aborted && progress.state !== "lost") {
    const delivered =
      progress.state === "goes on" && (await deliverNext(drain, consumer, progress));
    const redriven = await redriveNext(drain, consumer, progress);
    isDone = !delivered && !redriven;
  }
  return progress.counts;
};

/** A restored history goes on after what it holds; what it holds and was not yet delivered still is. */
const adoptEpoch = async ({ claim, log, sql }: Drain, progress: Progress): Promise<void> => {
  const { cursor, name, newest } = claim;
  if (cursor.epoch === newest.epoch) return;
  const adopted = { epoch: newest.epoch, revision: cursor.revision };
  if ((await moveCursor(sql, claim, adopted)) === undefined) {
    progress.state = "lost";
    return;
  }
  log.warn("a new epoch: events go on after the cursor", { consumer: name, cursor, newest });
  progress.cursor = adopted;
};

/** False where there is nothing more to deliver now. */
const deliverNext = async (
  drain: Drain,
  consumer: EventConsumer,
  progress: Progress,
): Promise<boolean> => {
  const { claim, log, sql } = drain;
  const after = progress.cursor.revision;
  const limit = progress.attempts > 0 || after < progress.singleUntil ? 1 : consumer.batchSize;
  const rows = await readOutbox(sql, { after, limit });
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return false;
  if (first.revision !== after + 1) {
    const missing = { consumer: consumer.name, after, next: first.revision };
    log.error("revisions are missing from the outbox", missing);
  }
  try {
    await drain.perform((effect) => consumer.deliver(rows, effect));
  } catch (error) {
    await noteFailure(drain, consumer, progress, rows, error);
    return progress.state === "goes on";
  }
  const to = { ...progress.cursor, revision: last.revision };
  if ((await moveCursor(sql, claim, to)) === undefined) {
    progress.state = "lost";
    return false;
  }
  progress.cursor = to;
  progress.attempts = 0;
  progress.counts.passed += rows.length;
  return true;
};

const noteFailure = async (
  { claim, log, sql }: Drain,
  { backoff, maxAttempts, name }: EventConsumer,
  progress: Progress,
  rows: readonly CommittedRow[],
  error: unknown,
): Promise<void> => {
  progress.counts.failed += 1;
  const [row] = rows;
  if (row === undefined || rows.length > 1) {
    progress.singleUntil = rows.at(-1)?.revision ?? 0;
    return;
  }
  const attempts = progress.attempts + 1;
  const reason = reasonOf(error);
  const said = { consumer: name, revision: row.revision, attempts, ...describeError(error) };
  if (attempts < maxAttempts) {
    log.warn("an event was not delivered", said);
    const delayMs = backoffMs(backoff, attempts);
    const isHeld = await holdCursor(sql, claim, { attempts, delayMs, reason });
    progress.state = isHeld ? "waits" : "lost";
    return;
  }
  if (!(await parkEvent(sql, claim, { attempts, reason, row }))) {
    progress.state = "lost";
    return;
  }
  log.error("an event is parked", said);
  progress.cursor = { ...progress.cursor, revision: row.revision };
  progress.attempts = 0;
  progress.counts.passed += 1;
  progress.counts.parked += 1;
};

/** Tries one event that was put back; false where there is none. */
const redriveNext = async (
  drain: Drain,
  consumer: EventConsumer,
  progress: Progress,
): Promise<boolean> => {
  const { claim, log, sql } = drain;
  const { backoff, maxAttempts, name } = consumer;
  const due = progress.state === "lost" ? undefined : await readDueEvent(sql, name);
  if (due === undefined) return false;
  const { attempts: before, ...row } = due;
  const failure = await drain
    .perform((effect) => consumer.deliver([row], effect))
    .then(
      () => undefined,
      (error: unknown) => ({ reason: reasonOf(error) }),
    );
  let isHeld: boolean;
  if (failure === undefined) {
    isHeld = await forgetParked(sql, claim, row.revision);
    progress.counts.redriven += isHeld ? 1 : 0;
  } else {
    const attempts = before + 1;
    const delayMs = attempts < maxAttempts ? backoffMs(backoff, attempts) : undefined;
    const retry = { revision: row.revision, attempts, delayMs, ...failure };
    log.warn("an event that was put back failed again", { consumer: name, ...retry });
    isHeld = await retryParked(sql, claim, retry);
    progress.counts.failed += 1;
  }
  if (!isHeld) progress.state = "lost";
  return isHeld;
};
