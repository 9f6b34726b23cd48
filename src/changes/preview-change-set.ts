import type { Ctx } from "../context.ts";
import type { Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";
import type { ChangeSet, CommitResult } from "./change-set.ts";
import { evaluateChangeSet } from "./evaluate-change-set.ts";
import { evaluationRules } from "./evaluation-rules.ts";
import { readSnapshot } from "./read-state.ts";

/** A dry run: the very judgement of a commit, on a snapshot of its own and without a lock. */
export const previewChangeSet = (
  ctx: Ctx,
  changeSet: ChangeSet | ((tx: Tx) => Promise<ChangeSet>),
): Promise<CommitResult> =>
  inTransaction(ctx.sql, "isolation level repeatable read read only", async (tx) => {
    const planned = typeof changeSet === "function" ? await changeSet(tx) : changeSet;
    const { state } = await readSnapshot(tx, {
      operations: planned.operations,
      idempotencyNames: [],
      catalogue: undefined,
      kinds: ctx.kinds,
    });
    const evaluation = evaluateChangeSet(state, planned, evaluationRules(ctx), ctx.permissions);
    const { changes, effective, effectiveTotal } = evaluation;
    return { revision: null, changes, effective, effectiveTotal };
  });
