import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openGroup } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { effort } from "../../test/helpers/effort.ts";
import { missingFrom } from "../../test/helpers/missing-from.ts";
import {
  commitToModel,
  judgeByModel,
  type ModelOutcome,
} from "../../test/helpers/store-model/commit.ts";
import { expectStoreMatches } from "../../test/helpers/store-model/expect-store-matches.ts";
import { canonical, createModel, type StoreModel } from "../../test/helpers/store-model/model.ts";
import { rollBackModel } from "../../test/helpers/store-model/roll-back.ts";
import {
  arbitraryRound,
  type Request,
  type Round,
  requestOf,
} from "../../test/helpers/store-model/steps.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { createApp } from "../environments/create-app.ts";
import { createEnvironment } from "../environments/create-environment.ts";
import { Problem } from "../errors.ts";
import type { CommitResult } from "./change-set.ts";
import { commitChangeSet } from "./commit-change-set.ts";
import type { Kind } from "./kind.ts";
import { rollBack } from "./roll-back.ts";

/** A second kind without rules: what is under the same names in another kind is another entry. */
const memo: Kind = {
  name: "memo",
  published: false,
  checkEntry: () => [],
  checkEffective: () => [],
  redact: (value) => value,
};

const settings = { MAX_EFFECTIVE_CHANGES: "40" };

const send = (ctx: Ctx, request: Request, dryRun = false): Promise<CommitResult> =>
  "changeSet" in request
    ? commitChangeSet(ctx, { changeSet: request.changeSet, dryRun })
    : rollBack(ctx, { ...request.rollback, dryRun });

const expectOutcome = (
  settled: PromiseSettledResult<CommitResult>,
  expected: ModelOutcome,
  dryRun = false,
): void => {
  if ("reasons" in expected) {
    const answer = settled.status === "rejected" ? settled.reason : settled.value;
    expect(answer).toBeInstanceOf(Problem);
    expect(expected.reasons).toContain((answer as Problem).code);
    return;
  }
  if (settled.status === "rejected") throw settled.reason;
  const { effective, ...answer } = settled.value;
  const { effective: all, ...result } = expected.result;
  expect(answer).toEqual(dryRun ? { ...result, revision: null } : result);
  expect(effective).toHaveLength(Math.min(all.length, Number(settings.MAX_EFFECTIVE_CHANGES)));
  // Two kinds may have the same key, so an item may stand there twice.
  expect(missingFrom(all.map(canonical), effective.map(canonical))).toEqual([]);
};

const runSteps = async (
  ctx: Ctx,
  model: StoreModel,
  { dryRunFirst, steps }: Extract<Round, { type: "steps" }>,
): Promise<void> => {
  const first = steps[0];
  if (dryRunFirst && first !== undefined) {
    const request = requestOf(model, first, "dry run");
    const [settled] = await Promise.allSettled([send(ctx, request, true)]);
    const expected =
      "changeSet" in request
        ? judgeByModel(model, request.changeSet)
        : rollBackModel(structuredClone(model), request.rollback);
    expectOutcome(settled, expected, true);
  }
  const planned = steps.map((step, index) => {
    const request = requestOf(model, step, `step ${index}`);
    const expected =
      "changeSet" in request
        ? commitToModel(model, request.changeSet)
        : rollBackModel(model, request.rollback);
    return { request, expected };
  });
  const opened = openGroup(ctx);
  const settled = await Promise.allSettled(planned.map(({ request }) => send(ctx, request)));
  await opened;
  for (const [index, { expected }] of planned.entries()) expectOutcome(settled[index]!, expected);
};

const createName = async (
  model: StoreModel,
  names: "apps" | "environments",
  name: string,
  create: () => Promise<object>,
): Promise<void> => {
  const [settled] = await Promise.allSettled([create()]);
  const taken = model[names].includes(name);
  expect(settled.status).toBe(taken ? "rejected" : "fulfilled");
  if (!taken) model[names].push(name);
};

const runRound = (ctx: Ctx, model: StoreModel, round: Round): Promise<void> => {
  if (round.type === "steps") return runSteps(ctx, model, round);
  const { name } = round;
  return round.type === "create app"
    ? createName(model, "apps", name, () => createApp(ctx, { name }))
    : createName(model, "environments", name, () =>
        createEnvironment(ctx, { name, rank: 40, protected: false }),
      );
};

describe("commitChangeSet", () => {
  it(
    "answers, writes and remembers what the model does, whatever is sent and however it is grouped",
    async () => {
      expect.hasAssertions();
      const rounds = fc.array(arbitraryRound, { minLength: 4, maxLength: 16, size: "max" });
      const property = fc.asyncProperty(rounds, async (sequence) => {
        const database = await createTestDatabase();
        try {
          const ctx = createTestContext(database.sql, { settings, kinds: [memo] });
          const model = createModel();
          for (const round of sequence) await runRound(ctx, model, round);
          await expectStoreMatches(ctx, model);
        } finally {
          await database.drop();
        }
      });
      await fc.assert(property, { numRuns: 14 * effort });
    },
    // It takes 17 s where nothing else runs, and 40 on a busy machine.
    240_000 * effort,
  );
});
