import type { Ctx } from "../context.ts";
import type { Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";
import type { ChangeSet, CommitResult } from "./change-set.ts";
import { evaluateChangeSet } from "./evaluate-change-set.ts";
import { evaluationRules } from "./evaluation-rules.ts";
import { readCatalogue, readCounter, readTouched } from "./load-state.ts";

/** A dry run: the very judgement of a commit, on a snapshot of its own and without a lock. */
export const previewChangeSet = (
  ctx: Ctx,
  changeSet: ChangeSet | ((tx: Tx) => Promise<ChangeSet>),
): Promise<CommitResult> =>
  inTransaction(ctx.sql, "isolation level repeatable read read only", async ({ tx }) => {
    const planned = typeof changeSet === "function" ? await changeSet(tx) : changeSet;
    const { catalogueVersion, epoch, revision } = await readCounter(tx);
    const [catalogue, touched] = await Promise.all([
      readCatalogue(tx, catalogueVersion),
      readTouched(tx, planned.operations),
    ]);
    const state = { epoch, revision, catalogue, ...touched };
    const evaluation = evaluateChangeSet(state, planned, evaluationRules(ctx));
    const { changes, effective, effectiveTotal } = evaluation;
    return { revision: null, changes, effective, effectiveTotal };
  });
