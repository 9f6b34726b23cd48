import type { Actor, RequestInfo } from "../context.ts";
import { Problem } from "../errors.ts";
import { outboxRow } from "../outbox/outbox-row.ts";
import { describeError, type Logger } from "../platform/log.ts";
import { isUnavailable, type Sql, type Tx, unavailable } from "../platform/sql.ts";
import type { ChangeSet, CommitResult } from "./change-set.ts";
import {
  applyEvaluation,
  type Evaluation,
  type EvaluationRules,
  evaluateChangeSet,
} from "./evaluate-change-set.ts";
import { findReplays, replayOf } from "./idempotency.ts";
import { lockCounter, readCatalogue, readTouched } from "./load-state.ts";
import type { Catalogue, State } from "./state.ts";
import { type AcceptedChangeSet, writeGroup } from "./write-group.ts";

/** A change set that waits for its group. */
export interface Submission {
  readonly actor: Actor;
  readonly request: RequestInfo;
  /** What audit rows call it: `change`, `rollback` … */
  readonly action: string;
  /**
   * The change set, or a plan that makes one from the locked state: such a submission is a group by
   * itself, since nobody knows beforehand what it touches.
   */
  readonly changeSet: ChangeSet | ((tx: Tx) => Promise<ChangeSet>);
}

/** What became of it: committed at `revision`, or (without changes) judged at it. */
export interface Committed {
  readonly result: CommitResult;
  /** True where an earlier request with the same Idempotency-Key was answered. */
  readonly replayed: boolean;
}

export interface Committer {
  submit(submission: Submission): Promise<Committed>;
}

interface CommitterDeps {
  readonly sql: Sql;
  readonly log: Logger;
  readonly rules: EvaluationRules;
  /** Waiting operations past which submissions are refused with `UNAVAILABLE`. */
  readonly maxWaitingOperations?: number;
}

interface Waiting extends Submission {
  readonly operationCount: number;
  resolve(committed: Committed): void;
  reject(error: unknown): void;
}

type Outcome = { readonly committed: Committed } | { readonly refused: unknown };

const maxGroupOperations = 2_000;
const maxGroupMembers = 256;

/**
 * Commits the change sets that wait as a group: one transaction, a revision for each, every one
 * judged against what those before it leave and answered for itself. A contended counter costs a
 * commit each; a group costs one for all. A database error makes the members run singly, so that one
 * cannot fail the others.
 */
export const createCommitter = (deps: CommitterDeps): Committer => {
  const { maxWaitingOperations = 200_000 } = deps;
  const queue: Waiting[] = [];
  const cache: { catalogue: Catalogue | undefined } = { catalogue: undefined };
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
    submit: (submission) =>
      new Promise((resolve, reject) => {
        const { changeSet } = submission;
        const operationCount = typeof changeSet === "function" ? 1 : changeSet.operations.length;
        if (waitingOperations + operationCount > maxWaitingOperations) {
          const detail = `${waitingOperations} operations wait to be committed already. Try again.`;
          reject(new Problem("UNAVAILABLE", detail, { headers: { "retry-after": "1" } }));
          return;
        }
        waitingOperations += operationCount;
        queue.push({ ...submission, operationCount, resolve, reject });
        if (!draining) void drain();
      }),
  };
};

const takeGroup = (queue: Waiting[]): Waiting[] => {
  let operations = 0;
  let size = 0;
  while (size < queue.length && size < maxGroupMembers) {
    const member = queue[size];
    if (member === undefined) break;
    const alone = typeof member.changeSet === "function";
    operations += member.operationCount;
    if (size > 0 && (alone || operations > maxGroupOperations)) break;
    size += 1;
    if (alone) break;
  }
  return queue.splice(0, size);
};

const commitMembers = async (
  deps: CommitterDeps,
  cache: { catalogue: Catalogue | undefined },
  members: readonly Waiting[],
): Promise<void> => {
  try {
    const outcomes = await deps.sql.begin((tx) => judgeAndWrite(deps, cache, tx, members));
    for (const [index, member] of members.entries()) settle(member, outcomes[index]);
  } catch (error) {
    cache.catalogue = undefined;
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
  else if ("committed" in outcome) member.resolve(outcome.committed);
  else member.reject(outcome.refused);
};

const judgeAndWrite = async (
  deps: CommitterDeps,
  cache: { catalogue: Catalogue | undefined },
  tx: Tx,
  members: readonly Waiting[],
): Promise<Outcome[]> => {
  const locking = lockCounter(tx);
  const changeSets = await plan(tx, locking, members);
  const operations = changeSets.flatMap((planned) =>
    "changeSet" in planned ? planned.changeSet.operations : [],
  );
  const [counter, touched, replays] = await Promise.all([
    locking,
    readTouched(tx, operations),
    findReplays(tx, members),
  ]);
  if (cache.catalogue?.version !== counter.catalogueVersion) {
    cache.catalogue = await readCatalogue(tx, counter.catalogueVersion);
  }
  const { epoch, now, revision } = counter;
  const state: State = { epoch, revision, catalogue: cache.catalogue, ...touched };
  const accepted: AcceptedChangeSet[] = [];
  const outcomes = members.map((member, index): Outcome => {
    const planned = changeSets[index];
    try {
      const replay = replayOf<CommitResult>(member, replays);
      if (replay !== undefined) return { committed: { result: replay, replayed: true } };
      if (planned === undefined || "refused" in planned) return { refused: planned?.refused };
      const { changeSet } = planned;
      const evaluation = evaluateChangeSet(state, changeSet, deps.rules);
      applyEvaluation(state, evaluation);
      const done = accept(member, changeSet, evaluation, state, now);
      if (done.entries.length > 0 || member.request.idempotency !== undefined) accepted.push(done);
      replays.remember(member, done.result);
      return { committed: { result: done.result, replayed: false } };
    } catch (error) {
      return { refused: error };
    }
  });
  if (accepted.length > 0) {
    await writeGroup(tx, {
      accepted,
      revision: state.revision,
      catalogueVersion: state.catalogue.version,
      now,
    });
  }
  // Right only if the transaction commits; on any error the cache is dropped.
  cache.catalogue = state.catalogue;
  return outcomes;
};

type Planned = { readonly changeSet: ChangeSet } | { readonly refused: unknown };

/** The members' change sets; a plan runs under the lock, and what it refuses concerns it alone. */
const plan = async (
  tx: Tx,
  locking: Promise<unknown>,
  members: readonly Waiting[],
): Promise<Planned[]> => {
  const planned: Planned[] = [];
  for (const { changeSet } of members) {
    if (typeof changeSet !== "function") {
      planned.push({ changeSet });
      continue;
    }
    await locking;
    try {
      planned.push({ changeSet: await changeSet(tx) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      planned.push({ refused: error });
    }
  }
  return planned;
};

const accept = (
  member: Waiting,
  changeSet: ChangeSet,
  evaluation: Evaluation,
  state: State,
  now: string,
): AcceptedChangeSet => {
  const { changes, createdApps, effective, effectiveTotal, entries, layers } = evaluation;
  const { revision } = state;
  return {
    actor: member.actor,
    request: member.request,
    action: member.action,
    message: changeSet.message,
    result: { revision, changes, effective, effectiveTotal },
    entries,
    layers,
    createdApps,
    outbox:
      entries.length === 0
        ? undefined
        : outboxRow({
            epoch: state.epoch,
            revision,
            committedAt: now,
            message: changeSet.message,
            changes,
          }),
  };
};

