import { Problem } from "../errors.ts";
import type { CommittedRun } from "../layers/memory/layer-memory.ts";
import { describeError, type Logger } from "../platform/log.ts";
import { isUnavailable, type Sql, unavailable } from "../platform/sql.ts";
import type { CommitResult } from "./change-set.ts";
import {
  type CommittedGroup,
  commitGroup,
  type Outcome,
  readGroup,
  type Submission,
} from "./commit-group.ts";
import type { EvaluationRules } from "./evaluate-change-set.ts";
import type { Snapshot } from "./read-state.ts";

export interface Committer {
  /** @throws Problem what refuses the change set, or `UNAVAILABLE` */
  submit(submission: Submission): Promise<CommitResult>;
  waitingOperations(): number;
}

interface CommitterDeps {
  /** Hears of what was committed before those who committed it do. */
  readonly onCommit?: (run: CommittedRun) => void;
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
/** A group is read while another is written only if it is at least this large: each costs a fixed part. */
const minOverlap = 8;

/**
 * Commits the change sets that wait as a group: one commit, a revision for each, every one judged
 * against what those before it leave and answered for itself. A contended counter costs a commit
 * each; a group costs one for all. While a group is written, the next one is read, so that this
 * process and PostgreSQL work at the same time.
 */
export const createCommitter = (deps: CommitterDeps): Committer => {
  const queue: Waiting[] = [];
  let waitingOperations = 0;
  let draining = false;
  let ripe: { readonly at: number; resolve(): void } | undefined;

  const drain = async (): Promise<void> => {
    draining = true;
    let writing: Promise<CommittedGroup | undefined> | undefined;
    let writingSize = 0;
    let last: CommittedGroup | undefined;
    while (queue.length > 0 || writing !== undefined) {
      if (writing !== undefined && queue.length < Math.max(writingSize, minOverlap)) {
        // Too few wait for a group of their own: go on when the one before is done, or they are more.
        const { promise, resolve } = Promise.withResolvers<undefined>();
        ripe = { at: Math.max(writingSize, minOverlap), resolve: () => resolve(undefined) };
        const done = await Promise.race([writing.then((group) => ({ group })), promise]);
        ripe = undefined;
        if (done !== undefined) {
          last = done.group;
          writing = undefined;
        }
        continue;
      }
      const members = takeGroup(queue);
      for (const member of members) waitingOperations -= member.operationCount;
      const reading = readGroup(deps.sql, deps.rules.kinds, last?.state.catalogue, members);
      // Awaited below, behind the group before; a failure meanwhile is not unhandled.
      reading.catch(() => {});
      if (writing !== undefined) last = await writing;
      // After a failure nobody knows what was read, so the group reads anew, under the lock.
      const failed = writing !== undefined && last === undefined;
      writing = commitMembers(deps, members, failed ? undefined : reading, last);
      writingSize = members.length;
    }
    draining = false;
  };

  return {
    waitingOperations: () => waitingOperations,
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
      else if (ripe !== undefined && queue.length >= ripe.at) ripe.resolve();
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

/**
 * Commits a group and settles its members. A database error makes them run singly, so that one
 * cannot fail the others. Answers what the next group may build on: nothing after a failure.
 */
const commitMembers = async (
  deps: CommitterDeps,
  members: readonly Waiting[],
  reading: Promise<Snapshot | undefined> | undefined,
  previous: CommittedGroup | undefined,
): Promise<CommittedGroup | undefined> => {
  try {
    const snapshot = await reading;
    const group = await commitGroup(deps.sql, deps.rules, members, snapshot, previous);
    const run = toRun(group);
    if (run.revisions.length > 0) deps.onCommit?.(run);
    for (const [index, member] of members.entries()) settle(member, group.outcomes[index]);
    return group;
  } catch (error) {
    if (isUnavailable(error)) {
      for (const member of members) member.reject(unavailable(error));
    } else if (members.length === 1) {
      members[0]?.reject(error);
    } else {
      deps.log.warn("a group of change sets failed and runs singly", describeError(error));
      for (const member of members) {
        const alone = [member];
        await commitMembers(
          deps,
          alone,
          readGroup(deps.sql, deps.rules.kinds, undefined, alone),
          undefined,
        );
      }
    }
    return undefined;
  }
};

const toRun = ({ accepted, expected, now, state }: CommittedGroup): CommittedRun => ({
  epoch: state.epoch,
  after: expected.revision,
  revisions: accepted.flatMap(({ entries, message, result: { revision } }) =>
    entries.length === 0 || revision === null
      ? []
      : [{ revision, committedAt: now, message, entries }],
  ),
});

const settle = (member: Waiting, outcome: Outcome | undefined): void => {
  if (outcome === undefined) member.reject(new Error("a change set got no outcome"));
  else if ("result" in outcome) member.resolve(outcome.result);
  else member.reject(outcome.refused);
};
