import { type Ctx, requirePermission } from "../context.ts";
import type { Action, Resource } from "../permissions/actions.ts";
import type { Json } from "../platform/json.ts";
import type { Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";
import { idempotencyNames, replayOf } from "./idempotency.ts";
import { lockCounter } from "./lock-counter.ts";
import { readSnapshot } from "./read-state.ts";
import { recordChange } from "./record-change.ts";

interface CatalogueChange<Result> {
  /** Who may do it, and to what. */
  readonly permission: Action;
  readonly resource: Resource;
  /** What audit rows call it. */
  readonly action: string;
  readonly detail: Json;
  readonly insert: (tx: Tx) => Promise<Result>;
}

/**
 * Changes the catalogue of environments and apps: no change set, hence no revision, but under the
 * same lock, so that every group of change sets is judged against one catalogue.
 */
export const commitCatalogueChange = async <Result extends object>(
  ctx: Ctx,
  { action, detail, insert, permission, resource }: CatalogueChange<Result>,
): Promise<Result> => {
  requirePermission(ctx, permission, resource);
  return inTransaction(ctx.sql, "read write", async (tx): Promise<Result> => {
    await lockCounter(tx);
    const names = idempotencyNames(ctx);
    const query = { operations: [], idempotencyNames: names, catalogue: undefined };
    const { now, replays } = await readSnapshot(tx, query);
    const replay = replayOf(ctx, replays);
    if (replay !== undefined) return replay.result as Result;
    const result = await insert(tx);
    await tx`update fairlead.deployment set catalogue_version = catalogue_version + 1`;
    await recordChange(tx, ctx, { action, detail, result, now });
    return result;
  });
};
