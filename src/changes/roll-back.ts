import { type Ctx, requireAnyPermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { requireScope } from "../layers/require-scope.ts";
import type { Merge } from "../layers/resolve.ts";
import type { Json } from "../platform/json.ts";
import { describeScope } from "../platform/names.ts";
import type { Tx } from "../platform/sql.ts";
import type { CommitResult, Operation } from "./change-set.ts";
import { commitChangeSet } from "./commit-change-set.ts";
import { requireKind } from "./require-kind.ts";
import { resolveRevision } from "./revisions.ts";
import type { EntryName } from "./state.ts";

interface RollbackOptions {
  readonly message?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly allowLargeChange?: boolean | undefined;
}

export interface RevisionRollback extends RollbackOptions {
  readonly toRevision: number;
  /** One scope, `''` meaning "all"; without it the whole deployment. */
  readonly scope?: { readonly app: string; readonly environment: string } | undefined;
}

export interface EntryRollback extends RollbackOptions {
  readonly entry: EntryName;
  readonly toVersion: number;
}

interface PastRow extends EntryName {
  readonly value: Json;
  readonly schema: Json | null;
  readonly description: string | null;
  readonly merge: Merge;
  readonly live: boolean;
  readonly liveNow: boolean;
}

/**
 * Brings entries back to what they were: a new change set with old values, so nothing is erased.
 * What a revision did not have is deleted, and what the actor may not see is left alone. The plan is made under the counter's lock, so nothing
 * committed in between is missed.
 *
 * @throws Problem `NOT_FOUND` for a scope, revision or version that does not exist, and those of a commit
 */
export const rollBack = async (
  ctx: Ctx,
  input: RevisionRollback | EntryRollback,
): Promise<CommitResult> => {
  requireAnyPermission(ctx, "entries.write");
  if ("entry" in input) requireKind(ctx, input.entry.kind);
  return commitChangeSet(ctx, {
    action: "rollback",
    dryRun: input.dryRun,
    maxOperations: ctx.settings.maxLayerKeys * 10,
    changeSet: async (tx) => ({
      message: input.message ?? defaultMessage(input),
      allowLargeChange: input.allowLargeChange,
      operations:
        "entry" in input
          ? await entryOperations(ctx, tx, input.entry, input.toVersion)
          : await revisionOperations(ctx, tx, input),
    }),
  });
};

const defaultMessage = (input: RevisionRollback | EntryRollback): string => {
  if ("entry" in input) return `roll back ${input.entry.key} to version ${input.toVersion}`;
  const { scope, toRevision } = input;
  const what = scope === undefined ? "everything" : describeScope(scope.app, scope.environment);
  return `roll back ${what} to revision ${toRevision}`;
};

const revisionOperations = async (
  ctx: Ctx,
  tx: Tx,
  { scope, toRevision }: RevisionRollback,
): Promise<Operation[]> => {
  if (scope !== undefined) await requireScope(ctx, scope, tx);
  await resolveRevision(tx, toRevision);
  const rows = await entriesAt(tx, toRevision, scope);
  const seen = rows.filter((row) => ctx.permissions.may("entries.read", row));
  return seen.flatMap((row) => (row.live || row.liveNow ? [toOperation(row)] : []));
};

const entryOperations = async (
  ctx: Ctx,
  tx: Tx,
  entry: EntryName,
  toVersion: number,
): Promise<Operation[]> => {
  await requireScope(ctx, entry, tx);
  const isRefusal = !ctx.permissions.may("entries.read", entry);
  const row = isRefusal ? undefined : await entryAtVersion(tx, entry, toVersion);
  if (row === undefined) {
    const scope = describeScope(entry.app, entry.environment);
    throw new Problem(
      "NOT_FOUND",
      `The ${entry.kind} entry "${entry.key}" in ${scope} has no version ${toVersion}.`,
      { isRefusal },
    );
  }
  return row.live || row.liveNow ? [toOperation(row)] : [];
};

const toOperation = (row: PastRow): Operation => {
  const { app, environment, key, kind } = row;
  if (!row.live) return { op: "delete", kind, app, environment, key };
  const { description, merge, schema, value } = row;
  return { op: "put", kind, app, environment, key, value, schema, description, merge };
};

/** Every entry that changed after a revision, with what it was then. */
const entriesAt = (tx: Tx, revision: number, scope: RevisionRollback["scope"]) => tx<PastRow[]>`
  select
    e.kind, e.app, e.environment, e.key, not e.deleted as "liveNow",
    past.value, past.schema, past.description, coalesce(past.merge, 'replace') as merge,
    coalesce(past.op = 'put', false) as live
  from fairlead.entries e
  left join lateral (
    select v.op, v.value, v.schema, v.description, v.merge
    from fairlead.entry_versions v
    where v.app = e.app and v.environment = e.environment and v.key = e.key and v.kind = e.kind
      and v.revision <= ${revision}
    order by v.version desc limit 1
  ) past on true
  where e.revision > ${revision}
    ${scope === undefined ? tx`` : tx`and e.app = ${scope.app} and e.environment = ${scope.environment}`}
  order by e.app, e.environment, e.key, e.kind`;

const entryAtVersion = async (
  tx: Tx,
  { app, environment, key, kind }: EntryName,
  version: number,
) => {
  const [row] = await tx<PastRow[]>`
    select
      v.kind, v.app, v.environment, v.key, not e.deleted as "liveNow",
      v.value, v.schema, v.description, v.merge, v.op = 'put' as live
    from fairlead.entry_versions v
    join fairlead.entries e
      on e.kind = v.kind and e.app = v.app and e.environment = v.environment and e.key = v.key
    where v.app = ${app} and v.environment = ${environment} and v.key = ${key}
      and v.kind = ${kind} and v.version = ${version}`;
  return row;
};
