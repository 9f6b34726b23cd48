import type { Actor, RequestInfo } from "../context.ts";
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
import { findReplays, type Replays, replayOf } from "./idempotency.ts";
import { lockCounter, readCatalogue, readTouched } from "./load-state.ts";
import type { Catalogue, State } from "./state.ts";
import { type AcceptedChangeSet, writeGroup } from "./write-group.ts";

/** A change set on its way to be committed. */
export interface Submission {
  readonly actor: Actor;
  readonly request: RequestInfo;
  /** What audit rows call it: `change`, `rollback` … */
  readonly action: string;
  /** The change set, or a plan that makes one from the locked state. */
  readonly changeSet: ChangeSet | ((tx: Tx) => Promise<ChangeSet>);
}

/** What became of a member: its answer, or why it was refused. */
export type Outcome = { readonly result: CommitResult } | { readonly refused: unknown };

/** The catalogue as this process last saw it; the counter's row tells whether it still holds. */
export interface CatalogueCache {
  catalogue: Catalogue | undefined;
}

type Planned = { readonly changeSet: ChangeSet } | { readonly refused: unknown };

/**
 * Judges the members of a group in order, each against what those before it leave, and writes the
 * accepted ones: one transaction, in which the counter's lock and the reads are one round trip, the
 * write and the commit another.
 *
 * @throws whatever the database does, and then nothing of the group is committed, unless the
 *   connection was lost during the commit
 */
export const commitGroup = async (
  sql: Sql,
  rules: EvaluationRules,
  cache: CatalogueCache,
  members: readonly Submission[],
): Promise<Outcome[]> => {
  const { catalogue } = cache;
  // Until this group is committed, the cache cannot be trusted.
  cache.catalogue = undefined;
  const done = await inTransaction(sql, "read write", async ({ commitWith, tx }) => {
    const locked = await lockState(tx, catalogue, members);
    const { now, planned, replays, state } = locked;
    const accepted: AcceptedChangeSet[] = [];
    const outcomes = members.map((member, index): Outcome => {
      try {
        return judge(member, planned[index], { state, rules, replays, now, accepted });
      } catch (error) {
        return { refused: error };
      }
    });
    if (accepted.length > 0) await commitWith(writeGroup(tx, { accepted, state, now }));
    return { outcomes, catalogue: state.catalogue };
  });
  cache.catalogue = done.catalogue;
  return done.outcomes;
};

interface LockedState {
  readonly state: State;
  readonly now: string;
  readonly planned: readonly Planned[];
  readonly replays: Replays;
}

const lockState = async (
  tx: Tx,
  cached: Catalogue | undefined,
  members: readonly Submission[],
): Promise<LockedState> => {
  // Sent first, so that everything behind it on the connection sees the state under the lock.
  const locking = lockCounter(tx);
  const planned = await plan(tx, locking, members);
  const operations = planned.flatMap((one) => ("changeSet" in one ? one.changeSet.operations : []));
  const [counter, touched, replays] = await Promise.all([
    locking,
    readTouched(tx, operations),
    findReplays(tx, members),
  ]);
  const { catalogueVersion, epoch, now, revision } = counter;
  const catalogue =
    cached?.version === catalogueVersion ? cached : await readCatalogue(tx, catalogueVersion);
  return { state: { epoch, revision, catalogue, ...touched }, now, planned, replays };
};

/** The members' change sets; a plan runs under the lock, and what it refuses concerns it alone. */
const plan = async (
  tx: Tx,
  locking: Promise<unknown>,
  members: readonly Submission[],
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

interface Judgement {
  readonly state: State;
  readonly rules: EvaluationRules;
  readonly replays: Replays;
  readonly now: string;
  readonly accepted: AcceptedChangeSet[];
}

const judge = (
  member: Submission,
  planned: Planned | undefined,
  { accepted, now, replays, rules, state }: Judgement,
): Outcome => {
  const replay = replayOf(member, replays);
  if (replay !== undefined) return { result: replay.result as CommitResult };
  if (planned === undefined || "refused" in planned) return { refused: planned?.refused };
  const evaluation = evaluateChangeSet(state, planned.changeSet, rules);
  applyEvaluation(state, evaluation);
  const done = accept(member, planned.changeSet, evaluation, state, now);
  if (done.entries.length > 0 || member.request.idempotency !== undefined) accepted.push(done);
  replays.remember(member, done.result);
  return { result: done.result };
};

const accept = (
  { action, actor, request }: Submission,
  { message }: ChangeSet,
  { changes, createdApps, effective, effectiveTotal, entries, layers }: Evaluation,
  { epoch, revision }: State,
  now: string,
): AcceptedChangeSet => ({
  actor,
  request,
  action,
  message,
  result: { revision, changes, effective, effectiveTotal },
  entries,
  layers,
  createdApps,
  outbox:
    entries.length === 0
      ? undefined
      : outboxRow({ epoch, revision, committedAt: now, message, changes }),
});
