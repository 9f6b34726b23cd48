import { idempotencyNames, replayOf } from "../changes/idempotency.ts";
import { lockCounter } from "../changes/lock-counter.ts";
import { readSnapshot } from "../changes/read-state.ts";
import { recordChange } from "../changes/record-change.ts";
import type { Ctx } from "../context.ts";
import type { Json } from "../platform/json.ts";
import type { Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";

interface WebhookChange<Result> {
  /** What audit rows call it. */
  readonly action: string;
  /** Makes the change; answers what a repeated request is answered with, and its audit row's detail. */
  readonly apply: (
    tx: Tx,
    now: string,
  ) => Promise<{ readonly result: Result; readonly detail: Json }>;
}

interface Done<Result> {
  readonly result: Result;
  /** Whether an earlier request with the same Idempotency-Key did it. */
  readonly isRepeat: boolean;
}

/**
 * What an earlier request with the same Idempotency-Key was answered, for work that is done before its
 * change is committed.
 *
 * @throws Problem `IDEMPOTENCY_KEY_REUSED` where the body was another
 */
export const earlierResult = async <Result extends object>(
  ctx: Ctx,
): Promise<Result | undefined> => {
  const names = idempotencyNames(ctx);
  if (names.length === 0) return undefined;
  const query = { operations: [], idempotencyNames: names, catalogue: undefined };
  const { replays } = await readSnapshot(ctx.sql, query);
  return replayOf(ctx, replays)?.result as Result | undefined;
};

/** Changes webhooks or what they are owed, one change at a time, with its audit row. */
export const commitWebhookChange = <Result extends object>(
  ctx: Ctx,
  { action, apply }: WebhookChange<Result>,
): Promise<Done<Result>> =>
  inTransaction(ctx.sql, "read write", async (tx): Promise<Done<Result>> => {
    // A follower of the audit log misses no row, because ids are given in the order of commits.
    await lockCounter(tx);
    const names = idempotencyNames(ctx);
    const query = { operations: [], idempotencyNames: names, catalogue: undefined };
    const { now, replays } = await readSnapshot(tx, query);
    const replay = replayOf(ctx, replays);
    if (replay !== undefined) return { result: replay.result as Result, isRepeat: true };
    const { detail, result } = await apply(tx, now);
    await recordChange(tx, ctx, { action, detail, result, now });
    return { result, isRepeat: false };
  });
