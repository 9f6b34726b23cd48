import type {
  ChangeSet,
  CommitResult,
  DeleteOperation,
  Operation,
  PutOperation,
} from "../../src/changes/change-set.ts";
import { commitChangeSet } from "../../src/changes/commit-change-set.ts";
import type { Ctx } from "../../src/context.ts";
import { type ErrorCode, Problem } from "../../src/errors.ts";
import type { Json } from "../../src/platform/json.ts";
import type { Sql } from "../../src/platform/sql.ts";

const name = { kind: "config", app: "", environment: "" };

/** A put into the global layer, unless `more` says otherwise. */
export const put = (
  key: string,
  value: Json,
  more: Partial<Omit<PutOperation, "op">> = {},
): PutOperation => ({ op: "put", ...name, key, value, ...more });

export const remove = (
  key: string,
  more: Partial<Omit<DeleteOperation, "op">> = {},
): DeleteOperation => ({ op: "delete", ...name, key, ...more });

/** A change set of these operations, to which no guard rail applies. */
export const changeSetOf = (...operations: readonly Operation[]): ChangeSet => ({
  message: "",
  operations,
  allowLargeChange: true,
});

export const commit = (ctx: Ctx, ...operations: readonly Operation[]): Promise<CommitResult> =>
  commitChangeSet(ctx, { changeSet: changeSetOf(...operations) });

/**
 * Holds the committer until the caller has submitted what is to be one group. A plan is a group by
 * itself, so all that is submitted behind it, before anything is awaited, is committed together.
 */
export const openGroup = async (ctx: Ctx): Promise<void> => {
  await commitChangeSet(ctx, { changeSet: async () => changeSetOf() });
};

/** Submits change sets as one group, and answers for each its result or what refused it. */
export const commitAsGroup = async (
  ctx: Ctx,
  changeSets: readonly ChangeSet[],
): Promise<PromiseSettledResult<CommitResult>[]> => {
  const opened = openGroup(ctx);
  const settled = Promise.allSettled(
    changeSets.map((changeSet) => commitChangeSet(ctx, { changeSet })),
  );
  await opened;
  return settled;
};

/** For each answer its revision, or the code of the problem; another error as it is. */
export const outcomesOf = (
  settled: readonly PromiseSettledResult<CommitResult>[],
): (number | null | ErrorCode)[] =>
  settled.map((answer) => {
    if (answer.status === "fulfilled") return answer.value.revision;
    if (answer.reason instanceof Problem) return answer.reason.code;
    throw answer.reason;
  });

/** The revisions of each transaction that made any, oldest first. */
export const revisionsByTransaction = async (sql: Sql): Promise<number[][]> => {
  const rows = await sql<{ revisions: number[] }[]>`
    select json_agg(revision order by revision) as revisions from fairlead.change_sets
    group by xmin::text order by min(revision)`;
  return rows.map(({ revisions }) => revisions);
};
