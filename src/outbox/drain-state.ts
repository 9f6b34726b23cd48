import { describeError } from "../platform/log.ts";
import { backoffMs, reasonOf } from "./backoff.ts";
import type { Point, StateConsumer } from "./consumer.ts";
import { type Drain, type DrainCounts, nothingDrained } from "./drain.ts";
import { holdCursor, moveCursor } from "./move-cursor.ts";

/** Brings a copy to the newest revision; what fails is tried again later, for ever. */
export const drainState = async (drain: Drain, consumer: StateConsumer): Promise<DrainCounts> => {
  const { claim, log, signal, sql } = drain;
  const { name } = consumer;
  let { attempts, cursor, newest } = claim;
  let passed = 0;
  if (claim.isWaiting) return nothingDrained;
  if (cursor.epoch !== newest.epoch) {
    log.warn("a new epoch: the copy is made anew", { consumer: name, cursor, newest });
  }
  for (;;) {
    const from = cursor;
    const bringing = drain.perform((effect) =>
      consumer.bring({ ...effect, sql, cursor: from, newest }),
    );
    const reached = await bringing.catch((error: unknown) =>
      noteFailure(drain, consumer, attempts + 1, error),
    );
    if (reached === undefined) return { ...nothingDrained, passed, failed: 1 };
    const next = await moveCursor(sql, claim, reached);
    if (next === undefined) return { ...nothingDrained, passed };
    if (attempts > 0) log.info("a copy is brought up to date again", { consumer: name });
    const moved = revisionsBetween(from, reached);
    attempts = 0;
    passed += moved;
    cursor = reached;
    newest = next;
    const isBehind = cursor.epoch !== newest.epoch || cursor.revision < newest.revision;
    if (!isBehind || moved === 0 || signal.aborted) return { ...nothingDrained, passed };
  }
};

const revisionsBetween = (before: Point, after: Point): number =>
  before.epoch === after.epoch ? after.revision - before.revision : after.revision;

const noteFailure = async (
  { claim, log, sql }: Drain,
  { backoff, name }: StateConsumer,
  attempts: number,
  error: unknown,
): Promise<undefined> => {
  // Once for each row of failures: the state of the consumer tells of the others.
  const say = attempts === 1 ? log.warn : log.debug;
  say("a copy is not brought up to date", { consumer: name, attempts, ...describeError(error) });
  const delayMs = backoffMs(backoff, attempts);
  await holdCursor(sql, claim, { attempts, delayMs, reason: reasonOf(error) });
};
