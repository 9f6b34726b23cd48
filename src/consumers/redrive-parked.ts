import { idempotencyNames, replayOf } from "../changes/idempotency.ts";
import { readSnapshot } from "../changes/read-state.ts";
import { recordChange } from "../changes/record-change.ts";
import { type Ctx, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { lockConsumer, putBack } from "../outbox/parked-events.ts";
import type { Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";

interface RedriveInput {
  readonly consumer: string;
  /** All that the consumer has parked, where it is absent. */
  readonly revision?: number | undefined;
}

interface Redriven {
  readonly consumer: string;
  readonly redriven: number;
}

/**
 * Has parked events tried anew, as often as new ones are. What fails again stays parked.
 *
 * @throws Problem `NOT_FOUND` for an unknown consumer, or a revision that it has not parked
 */
export const redriveParked = async (
  ctx: Ctx,
  { consumer, revision }: RedriveInput,
): Promise<Redriven> => {
  requirePermission(ctx, "outbox.redrive");
  return inTransaction(ctx.sql, "read write", async (tx): Promise<Redriven> => {
    if (!(await lockConsumer(tx, consumer))) {
      throw new Problem("NOT_FOUND", `There is no consumer "${consumer}".`);
    }
    const names = idempotencyNames(ctx);
    const query = { operations: [], idempotencyNames: names, catalogue: undefined };
    const { now, replays } = await readSnapshot(tx, query);
    const replay = replayOf(ctx, replays);
    if (replay !== undefined) return replay.result as Redriven;
    const result = { consumer, redriven: await redrive(tx, { consumer, revision }) };
    const detail = { ...result, revision: revision ?? "all" };
    await recordChange(tx, ctx, { action: "outbox.redrive", detail, result, now });
    return result;
  });
};

const redrive = async (tx: Tx, { consumer, revision }: RedriveInput): Promise<number> => {
  const count = await putBack(tx, consumer, revision);
  if (count > 0 || revision === undefined) return count;
  throw new Problem("NOT_FOUND", `"${consumer}" has not parked revision ${revision}.`);
};
