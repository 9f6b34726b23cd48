import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effort } from "../../test/helpers/effort.ts";
import { type Answer, answerOf, codeOf, retold } from "../../test/helpers/readers/answer.ts";
import { arbitraryReader, arbitraryWriter } from "../../test/helpers/readers/arbitrary-reader.ts";
import {
  arbitraryOperations,
  arbitraryStore,
  changeSetFrom,
  everyName,
  storeNames,
} from "../../test/helpers/readers/arbitrary-store.ts";
import { type Cells, countCells } from "../../test/helpers/readers/count-cells.ts";
import { type ModelReader, modelReader } from "../../test/helpers/readers/model-reader.ts";
import { appliesUnseen } from "../../test/helpers/readers/reach.ts";
import { useWorlds } from "../../test/helpers/readers/use-worlds.ts";
import { createWorld, type World } from "../../test/helpers/readers/world.ts";
import { judgeFor, refusalOf, rollbackFor } from "../../test/helpers/readers/write-by-model.ts";
import { commitToModel, type ModelOutcome } from "../../test/helpers/store-model/commit.ts";
import { byName, canonical, liveAt } from "../../test/helpers/store-model/model.ts";
import type { ErrorCode } from "../errors.ts";
import type { ChangeSet, CommitResult } from "./change-set.ts";
import { commitChangeSet } from "./commit-change-set.ts";
import { listEntries } from "./list-entries.ts";
import { type EntryRollback, type RevisionRollback, rollBack } from "./roll-back.ts";
import type { EntryName } from "./state.ts";

const { anyWorld, bare } = useWorlds();

const names = everyName(["a", "db.host", "feature.beta.a", "limits.rate", "secret.token"]);

/** What somebody may write that also applies where they see nothing. */
const partTargets = (writer: ModelReader): EntryName[] =>
  names.filter((name) => writer.writes(name) && appliesUnseen(writer, name));

/** Somebody with such targets, so that there is something to hide in what they do. */
const partWriter = arbitraryWriter.filter((writer) => partTargets(writer).length > 0);

/** Somebody who writes whatever they see. */
const evenWriter = arbitraryReader
  .map(({ grants }) => modelReader(grants.map((grant) => ({ ...grant, role: "editor" }))))
  .filter((writer) => partTargets(writer).length > 0);

const layerOf = ({ app, environment, kind }: EntryName): string =>
  [kind, app, environment].join("/");

const sorted = (items: readonly unknown[]): string[] => items.map(canonical).toSorted();

const comparable = ({ effective, ...result }: CommitResult): object => ({
  ...result,
  effective: sorted(effective),
});

const expectOutcome = (
  answer: Answer<CommitResult>,
  outcome: ModelOutcome,
  dryRun: boolean,
): void => {
  if ("reasons" in outcome) {
    expect(outcome.reasons).toContain(codeOf(answer));
    return;
  }
  const { result } = outcome;
  const expected = comparable(dryRun ? { ...result, revision: null } : result);
  expect("body" in answer ? comparable(answer.body) : answer).toEqual(expected);
};

describe("a dry run of a change set", () => {
  it("shows a limited writer the effective changes that it may see, and counts just those", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(
      anyWorld,
      partWriter,
      fc.array(arbitraryOperations(6), { minLength: 3, maxLength: 3 }),
      fc.boolean(),
      async (world, writer, drawn, allowLargeChange) => {
        const targets = partTargets(writer);
        const previews = drawn.map(async (sketches) => {
          const changeSet = { ...changeSetFrom(world.model, sketches, targets), allowLargeChange };
          const asked = commitChangeSet(world.as(writer), { changeSet, dryRun: true });
          const outcome = judgeFor(world.model, writer, changeSet, cells);
          expectOutcome(await answerOf(asked), outcome, true);
        });
        await Promise.all(previews);
      },
    );
    await fc.assert(property, { numRuns: 60 * effort });
    cells.expectAtLeast(1_200);
  });
});

describe("a guard rail", () => {
  it("judges what a limited writer does to a layer by the keys that it sees in it", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const outcomes = { large: 0, small: 0 };
    const property = fc.asyncProperty(
      anyWorld,
      fc.oneof(arbitraryWriter, evenWriter),
      fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 6, maxLength: 6, size: "max" }),
      async (world, writer, drawn) => {
        const live = liveAt(world.model).filter((entry) => writer.writes(entry));
        const previews = drawn.map(async ([draw, isAll]) => {
          const one = live[draw % Math.max(1, live.length)];
          const layer = live.filter((entry) => layerOf(entry) === (one && layerOf(one)));
          const operations = layer.slice(isAll ? 0 : 1).map(({ app, environment, key, kind }) => {
            return { op: "delete" as const, kind, app, environment, key };
          });
          const changeSet = { message: "", operations };
          const asked = commitChangeSet(world.as(writer), { changeSet, dryRun: true });
          const refusal = refusalOf(writer, operations);
          const outcome =
            refusal === undefined
              ? judgeFor(world.model, writer, changeSet, cells)
              : { reasons: [refusal.code] };
          if ("result" in outcome) outcomes.small += 1;
          else if (outcome.reasons.includes("LARGE_CHANGE")) outcomes.large += 1;
          expectOutcome(await answerOf(asked), outcome, true);
        });
        await Promise.all(previews);
      },
    );
    await fc.assert(property, { numRuns: 40 * effort });
    expect(Math.min(outcomes.large, outcomes.small)).toBeGreaterThan(20);
  });
});

describe("a change set that the grants refuse", () => {
  it("is answered alike, really or dry, whether the entries exist or not, and changes nothing", async () => {
    expect.hasAssertions();
    const refusals = { NOT_FOUND: 0, FORBIDDEN: 0 } as Record<ErrorCode, number>;
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryWriter,
      fc.array(arbitraryOperations(3), { minLength: 6, maxLength: 6, size: "max" }),
      async (world, writer, drawn) => {
        const submissions = drawn.map(async (sketches) => {
          const changeSet = changeSetFrom(world.model, sketches);
          const expected = refusalOf(writer, changeSet.operations);
          if (expected === undefined) return;
          refusals[expected.code] += 1;
          const answers = await Promise.all(
            [world.as(writer), bare().as(writer)].flatMap((ctx) =>
              [true, false].map((dryRun) => answerOf(commitChangeSet(ctx, { changeSet, dryRun }))),
            ),
          );
          const [first] = answers;
          for (const answer of answers) expect(answer).toEqual(first);
          expect(codeOf(first!)).toBe(expected.code);
          const errors = "refusal" in first! ? first.refusal.errors : [];
          const named = errors.map(({ path }) => Number(path.split(".")[1]));
          expect(named).toEqual(expected.operations);
        });
        await Promise.all(submissions);
        const [store] = await world.administrator.sql`select revision from fairlead.deployment`;
        expect(store?.["revision"]).toBe(world.model.changeSets.length);
      },
    );
    await fc.assert(property, { numRuns: 60 * effort });
    expect(refusals.NOT_FOUND).toBeGreaterThan(50);
    expect(refusals.FORBIDDEN).toBeGreaterThan(15);
  });
});

/** What is rolled back, drawn by numbers that mean something in any store. */
const arbitraryRollback = fc.record({
  what: fc.constantFrom("entry", "scope", "deployment"),
  which: fc.nat(),
  back: fc.integer({ min: -1, max: 4 }),
  app: fc.constantFrom("", "", ...storeNames.apps, "nowhere"),
  environment: fc.constantFrom("", "", ...storeNames.environments),
  allowLargeChange: fc.boolean(),
});

type SketchedRollback =
  typeof arbitraryRollback extends fc.Arbitrary<infer Sketch> ? Sketch : never;

const rollbackFrom = (
  { model }: World,
  writer: ModelReader,
  { allowLargeChange, app, back, environment, what, which }: SketchedRollback,
): RevisionRollback | EntryRollback => {
  const message = "";
  if (what === "entry") {
    // Every other one is of what also applies where the writer sees nothing.
    const partly = model.versions.filter(
      (version) => writer.sees(version) && appliesUnseen(writer, version),
    );
    const versions = which % 2 === 0 && partly.length > 0 ? partly : model.versions;
    const known = versions[which % versions.length]!;
    const entry = {
      kind: known.kind,
      app: known.app,
      environment: known.environment,
      key: known.key,
    };
    return { entry, toVersion: Math.max(1, known.version - back), message, allowLargeChange };
  }
  const scope = what === "scope" ? { app, environment } : undefined;
  const toRevision = Math.max(0, model.changeSets.length - back);
  return { scope, toRevision, message, allowLargeChange };
};

/** What the model makes of a rollback, and the change set that it comes to. */
const judgeRollback = (
  { model }: World,
  writer: ModelReader,
  input: RevisionRollback | EntryRollback,
  cells: Cells,
): { readonly outcome: ModelOutcome; readonly changeSet: ChangeSet } => {
  const operations = rollbackFor(model, writer, input);
  const { allowLargeChange, message = "" } = input;
  const changeSet = {
    message,
    allowLargeChange,
    operations: typeof operations === "string" ? [] : operations,
  };
  const code = typeof operations === "string" ? operations : refusalOf(writer, operations)?.code;
  const outcome =
    code === undefined ? judgeFor(model, writer, changeSet, cells) : { reasons: [code] };
  return { outcome, changeSet };
};

describe("a rollback", () => {
  it("of an entry, a scope or everything touches what a limited writer sees, if it may write that", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(
      anyWorld,
      fc.oneof(partWriter, evenWriter, evenWriter),
      fc.array(arbitraryRollback, { minLength: 5, maxLength: 5 }),
      async (world, writer, drawn) => {
        const rollbacks = drawn.map(async (sketch) => {
          const input = rollbackFrom(world, writer, sketch);
          const answer = await answerOf(rollBack(world.as(writer), { ...input, dryRun: true }));
          expectOutcome(answer, judgeRollback(world, writer, input, cells).outcome, true);
        });
        await Promise.all(rollbacks);
      },
    );
    await fc.assert(property, { numRuns: 80 * effort });
    cells.expectAtLeast(500);
  });

  it("of an entry that may not be seen is refused as that of an entry which never was", async () => {
    let hidden = 0;
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryWriter.filter((writer) => writer.mayAnywhere("entries.write")),
      fc.nat(),
      async (world, writer, draw) => {
        const { model } = world;
        const known = model.versions[draw % model.versions.length]!;
        const { app, environment, key, kind } = known;
        const entry = { kind, app, environment, key };
        if (writer.sees(entry) || !writer.seesScope(entry)) return;
        hidden += 1;
        const answer = await answerOf(rollBack(world.as(writer), { entry, toVersion: 1 }));
        const never = { entry: { ...entry, key: "nothing" }, toVersion: 1 };
        const ofNothing = await answerOf(rollBack(world.administrator, never));
        expect(answer).toEqual(retold(ofNothing, "nothing", key));
      },
    );
    await fc.assert(property, { numRuns: 100 * effort });
    expect(hidden).toBeGreaterThan(10);
  });
});

describe("limited writers, one after the other", () => {
  it("leave everything else as it was", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const steps = fc.array(
      fc.record({
        writer: fc.oneof(arbitraryWriter, partWriter, evenWriter),
        sketches: arbitraryOperations(4),
        rollback: fc.option(arbitraryRollback, { nil: undefined, freq: 2 }),
      }),
      { minLength: 20, maxLength: 20, size: "max" },
    );
    const property = fc.asyncProperty(arbitraryStore, steps, async (store, taken) => {
      const world = await createWorld(store);
      try {
        for (const { rollback, sketches, writer } of taken) {
          const { model } = world;
          const ctx = world.as(writer);
          if (rollback === undefined) {
            const changeSet = changeSetFrom(model, sketches, partTargets(writer));
            const refusal = refusalOf(writer, changeSet.operations);
            const outcome =
              refusal === undefined
                ? judgeFor(model, writer, changeSet, cells)
                : { reasons: [refusal.code] };
            expectOutcome(await answerOf(commitChangeSet(ctx, { changeSet })), outcome, false);
            if ("result" in outcome) commitToModel(model, changeSet);
          } else {
            const input = { ...rollbackFrom(world, writer, rollback), allowLargeChange: true };
            const { changeSet, outcome } = judgeRollback(world, writer, input, cells);
            expectOutcome(await answerOf(rollBack(ctx, input)), outcome, false);
            if ("result" in outcome) commitToModel(model, changeSet);
          }
        }
        for (const kind of storeNames.kinds) {
          const { items } = await listEntries(world.administrator, { kind, limit: 1_000 });
          const live = liveAt(world.model).filter((entry) => entry.kind === kind);
          expect(items.map(({ key, value, version }) => ({ key, value, version }))).toEqual(
            live.toSorted(byName).map(({ key, value, version }) => ({ key, value, version })),
          );
        }
      } finally {
        await world.drop();
      }
    });
    await fc.assert(property, { numRuns: Math.ceil(2 * effort) });
    cells.expectAtLeast(80);
  });
});
