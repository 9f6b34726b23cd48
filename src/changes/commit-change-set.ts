import { type Ctx, requireAnyPermission } from "../context.ts";
import { type FieldError, Problem } from "../errors.ts";
import { keyPattern, scopeNamePattern } from "../platform/names.ts";
import type { Tx } from "../platform/sql.ts";
import type { ChangeSet, CommitResult, Operation } from "./change-set.ts";
import { countVisibleKeys, layersToCount } from "./count-visible-keys.ts";
import { repeatedEntryErrors } from "./evaluate-change-set.ts";
import { previewChangeSet } from "./preview-change-set.ts";
import { requireWritable } from "./require-writable.ts";

/** A change set that is made from the state under the lock: a rollback, a replacement of a layer. */
type ChangeSetPlan = (tx: Tx) => Promise<ChangeSet>;

export interface CommitInput {
  readonly changeSet: ChangeSet | ChangeSetPlan;
  /** What audit rows call it. */
  readonly action?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Operations past which the change set is refused; by default the deployment's setting. */
  readonly maxOperations?: number | undefined;
}

/**
 * The one write path: everything that changes an entry comes through here. All operations commit
 * together under one revision, or none does. A change set that changes nothing takes no revision and
 * answers the current one; a dry run answers `revision: null` and leaves nothing behind.
 *
 * @throws Problem `INVALID_INPUT`, `TOO_LARGE`, and those of `evaluateChangeSet`; `UNAVAILABLE` where
 *   the database is lost, and then the change set is committed whole or not at all
 */
export const commitChangeSet = async (ctx: Ctx, input: CommitInput): Promise<CommitResult> => {
  requireAnyPermission(ctx, "entries.write");
  const { changeSet, dryRun = false, maxOperations = ctx.settings.maxOperations } = input;
  const check = (candidate: ChangeSet): ChangeSet => {
    checkChangeSet(ctx, candidate, maxOperations);
    return candidate;
  };
  const checked =
    typeof changeSet === "function"
      ? async (tx: Tx): Promise<ChangeSet> => withVisibleKeys(ctx, tx, check(await changeSet(tx)))
      : planWhereNeeded(ctx, check(changeSet));
  if (dryRun) return previewChangeSet(ctx, checked);
  return ctx.committer.submit({
    actor: ctx.actor,
    authentication: ctx.authentication,
    permissions: ctx.permissions,
    request: ctx.request,
    action: input.action ?? "change",
    changeSet: checked,
  });
};

/** What the guard rails must count for this actor is counted under the lock. */
const planWhereNeeded = (ctx: Ctx, changeSet: ChangeSet): ChangeSet | ChangeSetPlan =>
  layersToCount(ctx.permissions, changeSet).length === 0
    ? changeSet
    : (tx) => withVisibleKeys(ctx, tx, changeSet);

const withVisibleKeys = async (
  { permissions }: Ctx,
  tx: Tx,
  changeSet: ChangeSet,
): Promise<ChangeSet> => {
  const layers = layersToCount(permissions, changeSet);
  return { ...changeSet, visibleKeys: await countVisibleKeys(tx, permissions, layers) };
};

const checkChangeSet = (ctx: Ctx, changeSet: ChangeSet, maxOperations: number): void => {
  const { operations } = changeSet;
  if (operations.length > maxOperations) {
    const message = `has ${operations.length} operations; the limit is ${maxOperations}`;
    throw new Problem("TOO_LARGE", `operations: ${message}. Split the change set.`, {
      errors: [{ path: "operations", message }],
    });
  }
  const errors = operations.flatMap((operation, index) => nameErrors(ctx, operation, index));
  errors.push(...repeatedEntryErrors(operations));
  const [first] = errors;
  if (first !== undefined) {
    throw new Problem("INVALID_INPUT", `${first.path}: ${first.message}`, {
      errors: errors.slice(0, 20),
    });
  }
  requireWritable(ctx, operations);
};

const nameErrors = (ctx: Ctx, operation: Operation, index: number): FieldError[] => {
  const { app, environment, key, kind } = operation;
  const errors: FieldError[] = [];
  const add = (member: string, message: string): void => {
    errors.push({ path: `operations.${index}.${member}`, message });
  };
  if (!ctx.kinds.has(kind)) {
    add("kind", `"${kind}" is not a kind; known are ${[...ctx.kinds.keys()].join(", ")}`);
  }
  if (!keyPattern.test(key)) add("key", `must match ${keyPattern.source}`);
  for (const [member, name] of [
    ["app", app],
    ["environment", environment],
  ] as const) {
    if (name !== "" && !scopeNamePattern.test(name)) {
      add(member, `must match ${scopeNamePattern.source}`);
    }
  }
  return errors;
};
