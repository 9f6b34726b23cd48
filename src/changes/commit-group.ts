import type { Identity, RequestInfo } from "../context.ts";
import { Problem } from "../errors.ts";
import { outboxRow } from "../outbox/outbox-row.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";
import type { ChangeSet, CommitResult } from "./change-set.ts";
import {
  applyEvaluation,
  type Evaluation,
  type EvaluationRules,
  evaluateChangeSet,
} from "./evaluate-change-set.ts";
import { idempotencyNames, replayOf } from "./idempotency.ts";
import type { KindRegistry } from "./kind.ts";
import { lockCounter } from "./lock-counter.ts";
import { readSnapshot, type Snapshot } from "./read-state.ts";
import type { Catalogue, State } from "./state.ts";
import { type AcceptedChangeSet, writeGroup } from "./write-group.ts";

/** A change set on its way to be committed. */
export interface Submission extends Pick<Identity, "actor" | "authentication" | "permissions"> {
  readonly request: RequestInfo;
  /** What audit rows call it: `change`, `rollback` … */
  readonly action: string;
  /** The change set, or a plan that makes one from the locked state. */
  readonly changeSet: ChangeSet | ((tx: Tx) => Promise<ChangeSet>);
}

/** What became of a member: its answer, or why it was refused. */
export type Outcome = { readonly result: CommitResult } | { readonly refused: unknown };

type Planned = { readonly changeSet: ChangeSet } | { readonly refused: unknown };

/** A group that has been judged: what to write, and what to answer once it is written. */
interface JudgedGroup {
  readonly outcomes: readonly Outcome[];
  readonly accepted: readonly AcceptedChangeSet[];
  /** What it was judged against. */
  readonly expected: { readonly revision: number; readonly catalogueVersion: number };
  /** As the last accepted member leaves it. */
  readonly state: State;
  readonly now: string;
}

/** A committed group, for the next one to be judged against. */
export type CommittedGroup = Pick<JudgedGroup, "accepted" | "expected" | "state" | "now">;

/** Reads what a group is to be judged against; undefined where a member plans from locked state. */
export const readGroup = async (
  sql: Sql,
  kinds: KindRegistry,
  catalogue: Catalogue | undefined,
  members: readonly Submission[],
): Promise<Snapshot | undefined> => {
  const operations = [];
  for (const { changeSet } of members) {
    if (typeof changeSet === "function") return undefined;
    operations.push(...changeSet.operations);
  }
  const names = members.flatMap(idempotencyNames);
  return readSnapshot(sql, { operations, idempotencyNames: names, catalogue, kinds });
};

/**
 * Judges the members of a group in order, each against what those before it leave, and writes the
 * accepted ones: one statement that holds only if the counter is where it was judged to be.
 *
 * `snapshot` may have been read while `previous` was being written; it is brought forward then.
 * Groups of one process follow each other, so only another process can come in between. Then, and
 * where a member plans from the locked state, the counter is locked first and everything read anew.
 *
 * @throws whatever the database does, and then nothing of the group is committed, unless the
 *   connection was lost during the commit
 */
export const commitGroup = async (
  sql: Sql,
  rules: EvaluationRules,
  members: readonly Submission[],
  snapshot: Snapshot | undefined,
  previous: CommittedGroup | undefined,
): Promise<JudgedGroup> => {
  const current = snapshot === undefined ? undefined : bringForward(snapshot, previous);
  if (current !== undefined) {
    const planned = members.map(({ changeSet }) => ({ changeSet: changeSet as ChangeSet }));
    const judged = judgeGroup(current, members, planned, rules);
    if (judged.accepted.length === 0 || (await writeGroup(sql, judged))) return judged;
  }
  return inTransaction(sql, "read write", async (tx) => {
    await lockCounter(tx);
    const planned: Planned[] = [];
    for (const { changeSet } of members) planned.push(await plan(tx, changeSet));
    const operations = planned.flatMap((one) =>
      "changeSet" in one ? one.changeSet.operations : [],
    );
    const names = members.flatMap(idempotencyNames);
    const { kinds } = rules;
    const query = { operations, idempotencyNames: names, catalogue: undefined, kinds };
    const judged = judgeGroup(await readSnapshot(tx, query), members, planned, rules);
    if (judged.accepted.length > 0 && !(await writeGroup(tx, judged))) {
      throw new Error("the counter moved while it was locked");
    }
    return judged;
  });
};

/**
 * Adds what the previous group changed to a snapshot that was read before its commit. Undefined where
 * the snapshot is older than that: then even a refusal by it could contradict what was answered.
 */
const bringForward = (
  snapshot: Snapshot,
  previous: CommittedGroup | undefined,
): Snapshot | undefined => {
  const { now, replays, state } = snapshot;
  if (previous === undefined || !isBehind(state, previous.state)) return snapshot;
  const { accepted, expected } = previous;
  const { catalogue, revision } = state;
  if (revision !== expected.revision || catalogue.version !== expected.catalogueVersion) {
    return undefined;
  }
  for (const member of accepted) {
    applyEvaluation(state, member);
    replays.remember(member, member.result);
  }
  state.catalogue = previous.state.catalogue;
  return { state, replays, now: now > previous.now ? now : previous.now };
};

const isBehind = (state: State, other: State): boolean =>
  state.revision < other.revision ||
  (state.revision === other.revision && state.catalogue.version < other.catalogue.version);

/** A member's change set; what its plan refuses concerns it alone. */
const plan = async (tx: Tx, changeSet: Submission["changeSet"]): Promise<Planned> => {
  if (typeof changeSet === "object") return { changeSet };
  try {
    return { changeSet: await changeSet(tx) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { refused: error };
  }
};

const judgeGroup = (
  snapshot: Snapshot,
  members: readonly Submission[],
  planned: readonly Planned[],
  rules: EvaluationRules,
): JudgedGroup => {
  const { now, state } = snapshot;
  const expected = { revision: state.revision, catalogueVersion: state.catalogue.version };
  const accepted: AcceptedChangeSet[] = [];
  const outcomes = members.map((member, index): Outcome => {
    try {
      return judge(member, planned[index], snapshot, rules, accepted);
    } catch (error) {
      return { refused: error };
    }
  });
  if (accepted.length > 0 && state.revision === expected.revision) {
    // Records alone move the catalogue's version, so that nobody records the same key meanwhile.
    state.catalogue = { ...state.catalogue, version: state.catalogue.version + 1 };
  }
  return { outcomes, accepted, expected, state, now };
};

const judge = (
  member: Submission,
  planned: Planned | undefined,
  { now, replays, state }: Snapshot,
  rules: EvaluationRules,
  accepted: AcceptedChangeSet[],
): Outcome => {
  const replay = replayOf(member, replays);
  if (replay !== undefined) return { result: replay.result as CommitResult };
  if (planned === undefined || "refused" in planned) return { refused: planned?.refused };
  const evaluation = evaluateChangeSet(state, planned.changeSet, rules, member.permissions);
  applyEvaluation(state, evaluation);
  const done = accept(member, planned.changeSet, evaluation, state, now);
  if (done.entries.length > 0 || member.request.idempotency !== undefined) accepted.push(done);
  replays.remember(member, done.result);
  return { result: done.result };
};

const accept = (
  { action, actor, authentication, request }: Submission,
  { message }: ChangeSet,
  { changes, createdApps, effective, effectiveTotal, entries, layers, named }: Evaluation,
  { epoch, revision }: State,
  now: string,
): AcceptedChangeSet => ({
  actor,
  authentication,
  request,
  action,
  message,
  result: { revision, changes, effective, effectiveTotal },
  entries,
  layers,
  createdApps,
  named,
  outbox:
    entries.length === 0
      ? undefined
      : outboxRow({ epoch, revision, committedAt: now, message, changes }),
});
