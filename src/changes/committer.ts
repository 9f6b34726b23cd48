import { Problem } from "../errors.ts";
import { describeError, type Logger } from "../platform/log.ts";
import { isUnavailable, type Sql, unavailable } from "../platform/sql.ts";
import type { CommitResult } from "./change-set.ts";
import { type CatalogueCache, commitGroup, type Outcome, type Submission } from "./commit-group.ts";
import type { EvaluationRules } from "./evaluate-change-set.ts";

export interface Committer {
  /** @throws Problem what refuses the change set, or `UNAVAILABLE` */
  submit(submission: Submission): Promise<CommitResult>;
}

interface CommitterDeps {
  readonly sql: Sql;
  readonly log: Logger;
  readonly rules: EvaluationRules;
}

interface Waiting extends Submission {
  readonly operationCount: number;
  resolve(result: CommitResult): void;
  reject(error: unknown): void;
}

/** Waiting operations past which submissions are refused. */
const maxWaitingOperations = 200_000;
const maxGroupOperations = 2_000;
const maxGroupMembers = 256;

/**
 * Commits the change sets that wait as a group: one transaction, a revision for each, every one
 * judged against what those before it leave and answered for itself. A contended counter costs a
 * commit each; a group costs one for all. A database error makes the members run singly, so that one
 * cannot fail the others.
 */
export const createCommitter = (deps: CommitterDeps): Committer => {
  const queue: Waiting[] = [];
  const cache: CatalogueCache = { catalogue: undefined };
  let waitingOperations = 0;
  let draining = false;

  const drain = async (): Promise<void> => {
    draining = true;
    while (queue.length > 0) {
      const members = takeGroup(queue);
      for (const member of members) waitingOperations -= member.operationCount;
      await commitMembers(deps, cache, members);
    }
    draining = false;
  };

  return {
    submit: (submission) => {
      const { changeSet } = submission;
      const operationCount = typeof changeSet === "function" ? 1 : changeSet.operations.length;
      if (waitingOperations > 0 && waitingOperations + operationCount > maxWaitingOperations) {
        return Promise.reject(overloaded(waitingOperations));
      }
      waitingOperations += operationCount;
      const { promise, reject, resolve } = Promise.withResolvers<CommitResult>();
      queue.push({ ...submission, operationCount, resolve, reject });
      if (!draining) void drain();
      return promise;
    },
  };
};

const overloaded = (waitingOperations: number): Problem =>
  new Problem(
    "UNAVAILABLE",
    `${waitingOperations} operations wait to be committed already. Nothing was committed; try again.`,
    { headers: { "retry-after": "1" } },
  );

const takeGroup = (queue: Waiting[]): Waiting[] => {
  let operations = 0;
  let size = 0;
  for (const { changeSet, operationCount } of queue) {
    // Nobody knows beforehand what a plan touches, so it is a group by itself.
    const alone = typeof changeSet === "function";
    operations += operationCount;
    if (size > 0 && (alone || operations > maxGroupOperations)) break;
    size += 1;
    if (alone || size === maxGroupMembers) break;
  }
  return queue.splice(0, size);
};

const commitMembers = async (
  deps: CommitterDeps,
  cache: CatalogueCache,
  members: readonly Waiting[],
): Promise<void> => {
  try {
    const outcomes = await commitGroup(deps.sql, deps.rules, cache, members);
    for (const [index, member] of members.entries()) settle(member, outcomes[index]);
  } catch (error) {
    if (isUnavailable(error)) {
      for (const member of members) member.reject(unavailable(error));
    } else if (members.length === 1) {
      members[0]?.reject(error);
    } else {
      deps.log.warn("a group of change sets failed and runs singly", describeError(error));
      for (const member of members) await commitMembers(deps, cache, [member]);
    }
  }
};

const settle = (member: Waiting, outcome: Outcome | undefined): void => {
  if (outcome === undefined) member.reject(new Error("a change set got no outcome"));
  else if ("result" in outcome) member.resolve(outcome.result);
  else member.reject(outcome.refused);
};
