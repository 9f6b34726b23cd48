import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newEpoch } from "../../../scripts/new-epoch.ts";
import { commit, put, remove } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { createTestContext, permissionsOf } from "../../../test/helpers/test-context.ts";
import type { Operation } from "../../changes/change-set.ts";
import { createCommitter } from "../../changes/committer.ts";
import { evaluationRules } from "../../changes/evaluation-rules.ts";
import type { Ctx } from "../../context.ts";
import { type LayersQuery, readLayers } from "../read-layers.ts";
import { effectiveOf } from "../read-position.ts";
import { type LayerEntry, type Resolved, resolveLayers } from "../resolve.ts";
import {
  type CommittedRun,
  createLayerMemory,
  type LayerMemory,
  type LoadedLayer,
} from "./layer-memory.ts";
import { loadLayers } from "./load-layers.ts";
import type { CommittedEntry, LayerName } from "./memory-layer.ts";
import { readCommitted } from "./read-committed.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
/** Two processes that commit; of the first it is known what it committed. */
let writers: Ctx[];
/** Every run that there was, whoever made it. */
const runs: CommittedRun[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const { sql } = database;
  const ctx = createTestContext(sql);
  const rules = evaluationRules(ctx);
  const committer = createCommitter({ ...ctx, rules, onCommit: (run) => runs.push(run) });
  writers = [{ ...ctx, committer }, createTestContext(sql)];
});

afterAll(() => database.drop());

const apps = ["", "pay", "search"] as const;
const environments = ["", "production", "staging"] as const;
const keys = ["a", "a.b", "b", "c"] as const;

type Step =
  | { readonly op: "commit"; readonly by: number; readonly operations: readonly Operation[] }
  | { readonly op: "look" | "new epoch" }
  | { readonly op: "offer a run"; readonly which: number; readonly length: number }
  | { readonly op: "begin a load" | "load at once"; readonly names: readonly LayerName[] }
  | { readonly op: "end a load"; readonly which: number; readonly isLost: boolean };

const scope = { app: fc.constantFrom(...apps), environment: fc.constantFrom(...environments) };

const operation: fc.Arbitrary<Operation> = fc
  .record({
    ...scope,
    key: fc.constantFrom(...keys),
    value: fc.oneof(fc.nat(), fc.dictionary(fc.constantFrom("x", "y"), fc.nat(), { maxKeys: 2 })),
    merge: fc.constantFrom("replace" as const, "deep" as const),
    isPut: fc.boolean(),
  })
  .map(({ isPut, key, merge, value, ...of }) =>
    isPut ? put(key, value, { ...of, merge }) : remove(key, of),
  );

const oneOfEach = (operations: readonly Operation[]): Operation[] => [
  ...new Map(
    operations.map((one) => [`${one.app}/${one.environment}/${one.key}`, one] as const),
  ).values(),
];

const everyLayer: readonly LayerName[] = apps.flatMap((app) =>
  environments.map((environment) => ({ kind: "config", app, environment })),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      op: fc.constant("commit" as const),
      by: fc.nat({ max: 1 }),
      operations: fc.array(operation, { minLength: 1, maxLength: 3 }).map(oneOfEach),
    }),
  },
  { weight: 12, arbitrary: fc.constant<Step>({ op: "look" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ op: "new epoch" }) },
  {
    weight: 20,
    arbitrary: fc.record({
      op: fc.constant("offer a run" as const),
      // Mostly one of the newest.
      which: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 30 })),
      length: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      op: fc.constantFrom("begin a load" as const, "load at once" as const),
      names: fc.oneof(fc.constant(everyLayer), fc.subarray([...everyLayer], { minLength: 1 })),
    }),
  },
  {
    weight: 25,
    arbitrary: fc.record({
      op: fc.constant("end a load" as const),
      which: fc.nat(),
      isLost: fc.constantFrom(false, false, false, true),
    }),
  },
);

/** What one process does, step by step. */
const createProcess = (memory: LayerMemory) => {
  const { sql } = database;
  const loads: (readonly LoadedLayer[])[] = [];

  const look = async (): Promise<void> => {
    const read = await readCommitted(sql, memory.point(), memory.names().version);
    if (read.run === undefined) {
      memory.reset(read.newest, read.names);
      return;
    }
    runs.push(read.run);
    expect(memory.take(read.run)).toBe(true);
  };

  /** One load of a layer at a time, as the reader sees to it. */
  const load = async (names: readonly LayerName[]): Promise<readonly LoadedLayer[]> => {
    const underWay = new Set(loads.flat().map(({ name }) => JSON.stringify(name)));
    const free = names.filter((name) => !underWay.has(JSON.stringify(name)));
    for (const name of free) memory.expect(name);
    return loadLayers(sql, free);
  };

  const add = (loaded: readonly LoadedLayer[]): void => {
    for (const layer of loaded) {
      memory.add(layer);
      memory.unexpect(layer.name);
    }
  };

  const take: Record<Step["op"], (step: never) => Promise<void>> = {
    commit: async ({ by, operations }: Step & { op: "commit" }) => {
      // What is not there cannot be deleted.
      await commit(writers[by]!, ...operations).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "NOT_FOUND" });
      });
    },
    look,
    "new epoch": async () => {
      await newEpoch(sql);
    },
    "offer a run": async ({ length, which }: Step & { op: "offer a run" }) => {
      // Several of them make one that overlaps others, or leaves a gap.
      const parts = runs.slice(runs.length - 1 - which).slice(0, length);
      const [first] = parts;
      if (first === undefined) return;
      const revisions = parts
        .filter(({ epoch }) => epoch === first.epoch)
        .flatMap((part) => part.revisions);
      const isInOrder = revisions.every(({ revision }, at) => revision === first.after + at + 1);
      const run = isInOrder ? { ...first, revisions } : first;
      const { epoch, revision } = memory.point();
      expect(memory.take(run)).toBe(run.epoch === epoch && run.after === revision);
    },
    "begin a load": async ({ names }: Step & { op: "begin a load" }) => {
      loads.push(await load(names));
    },
    "load at once": async ({ names }: Step & { op: "load at once" }) => add(await load(names)),
    "end a load": async ({ isLost, which }: Step & { op: "end a load" }) => {
      const [loaded = []] = loads.splice(which % Math.max(1, loads.length), 1);
      if (!isLost) add(loaded);
      else for (const { name } of loaded) memory.unexpect(name);
    },
  };
  return async (next: Step): Promise<void> => take[next.op](next as never);
};

const plain = ({
  app,
  description,
  environment,
  id,
  key,
  merge,
  revision,
  schema,
  value,
  version,
}: LayerEntry) => ({
  id,
  app,
  environment,
  key,
  version,
  revision,
  value,
  schema,
  description,
  merge,
});

/** Memory shows of a position what the store had at the same revision, if it shows it at all. */
const expectSame = async (memory: LayerMemory, query: LayersQuery): Promise<boolean> => {
  const view = memory.view(query.kind, query.app, query.environment);
  if (view === undefined) return false;
  const point = memory.point();
  const shown = effectiveOf({ ...point, view }, query);
  const stored = await readLayers(database.sql, { ...query, at: point.revision });
  const entriesOf = (entries: readonly LayerEntry[]) => entries.map(plain);
  const valuesOf = (resolved: ReadonlyMap<string, Resolved>) =>
    [...resolved].map(([key, { contributors, value, winner }]) => ({
      key,
      value,
      winner: plain(winner),
      contributors: entriesOf(contributors),
    }));
  expect({
    point: { epoch: shown.epoch, revision: shown.revision },
    headRevision: shown.headRevision,
    entries: entriesOf(shown.entries),
    values: valuesOf(shown.resolved),
  }).toEqual({
    point,
    headRevision: stored.headRevision,
    entries: entriesOf(stored.entries),
    values: valuesOf(resolveLayers([stored.entries])),
  });
  return true;
};

const filters = [
  permissionsOf([{ role: "admin", effect: "allow" }]),
  permissionsOf([{ role: "viewer", effect: "allow", keys: ["a*"] }]),
].map((permissions) => permissions.keys("entries.read", "config", "pay", "production"));

/** What is asked for of a position: a key, or what may be seen of all. */
const query: fc.Arbitrary<LayersQuery> = fc
  .record({
    ...scope,
    part: fc.oneof(
      fc.record({ key: fc.constantFrom(...keys) }),
      fc.record({
        prefix: fc.constantFrom(undefined, "a", "zz"),
        visible: fc.constantFrom(...filters),
      }),
    ),
  })
  .map(({ part, ...position }) => ({ kind: "config", ...position, ...part }));

it("shows what the store had at its revision, whatever it is fed, or shows nothing", async () => {
  let shown = 0;
  let evicted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, query, query), { minLength: 20, maxLength: 50 }),
      fc.constantFrom(2_500, 8_000, 10_000_000),
      async (steps, maxBytes) => {
        const memory = createLayerMemory(maxBytes);
        const take = createProcess(memory);
        await take({ op: "look" });
        await take({ op: "begin a load", names: everyLayer });
        let before = memory.point();
        for (const [next, ...asked] of steps) {
          await take(next);
          const point = memory.point();
          const isSameHistory = point.epoch === before.epoch;
          expect(isSameHistory && point.revision < before.revision).toBe(false);
          before = point;
          if (point.revision < 0) continue;
          for (const one of asked) if (await expectSame(memory, one)) shown += 1;
        }
        const { bytes, layers } = memory.figures();
        if (maxBytes < 10_000 && layers < 4) evicted += 1;
        // One position's layers may be larger than the limit, and stay all the same.
        expect(layers <= 4 || bytes <= maxBytes).toBe(true);
      },
    ),
    // What fails depends on what was committed before, so it does not shrink.
    { numRuns: 30 * effort, endOnFailure: true },
  );
  // Else it would have proved nothing.
  expect(shown).toBeGreaterThan(150);
  expect(evicted).toBeGreaterThan(0);
});

const global: LayerName = { kind: "config", app: "", environment: "" };

const entryOf = (key: string, version: number, revision: number, size = 0) => ({
  ...global,
  id: key,
  key,
  version,
  revision,
  deleted: false,
  value: "x".repeat(size),
  schema: undefined,
  description: undefined,
  merge: "replace" as const,
});

const runOf = (revision: number, ...entries: CommittedEntry[]): CommittedRun => ({
  epoch: "e",
  after: revision - 1,
  revisions: [{ revision, committedAt: "", message: "", entries }],
});

it("brings a layer to the revision that it has come to while the layer was read", () => {
  const memory = createLayerMemory(10_000);
  memory.reset({ epoch: "e", revision: 5 });
  memory.expect(global);
  memory.take(runOf(6, entryOf("a", 2, 6), entryOf("b", 1, 6)));
  expect(memory.view("config", "", "")).toBeUndefined();
  const loaded = { epoch: "e", revision: 5, name: global, head: 4, entries: [entryOf("a", 1, 4)] };
  expect(memory.add(loaded)).toBe(true);
  const view = memory.view("config", "", "");
  expect([view?.head(), view?.newestOf("a"), view?.newestOf("b")]).toEqual([6, 6, 6]);
  expect(memory.figures().expected).toBe(0);
});

it("takes no layer of before it was asked for: what came between is in neither", () => {
  const memory = createLayerMemory(10_000);
  memory.reset({ epoch: "e", revision: 5 });
  memory.expect(global);
  const loaded = { epoch: "e", name: global, head: 4, entries: [entryOf("a", 1, 4)] };
  expect(memory.add({ ...loaded, revision: 4 })).toBe(false);
  expect(memory.view("config", "", "")).toBeUndefined();
  expect(memory.add({ ...loaded, revision: 5 })).toBe(true);
});

it("gives layers up where those that are here grow past its limit", () => {
  const memory = createLayerMemory(10_000);
  memory.reset({ epoch: "e", revision: 1 });
  for (const app of ["one", "two", "three"]) {
    for (const name of [global, { ...global, app }]) {
      memory.expect(name);
      memory.add({ epoch: "e", revision: 1, name, head: 1, entries: [] });
    }
    memory.view("config", app, "");
  }
  memory.take(runOf(2, entryOf("a", 1, 2, 3_000)));
  expect(memory.figures().layers).toBe(4);
  memory.take(runOf(3, { ...entryOf("b", 1, 3, 3_000), app: "one" }));
  // That one was used longest ago; the two of the position that was used last stay.
  expect(memory.missing("config", "one", "")).toEqual([{ ...global, app: "one" }]);
  expect(memory.missing("config", "three", "")).toEqual([]);
  expect(memory.figures().bytes).toBeLessThanOrEqual(10_000);
});

it("knows an app that came into being after the names were read, and none of another history", () => {
  const memory = createLayerMemory(10_000);
  const names = (version: number, ...known: string[]) => ({
    version,
    apps: new Set(known),
    environments: new Set(["production"]),
  });
  memory.reset({ epoch: "e", revision: 1 }, names(7, "one"));
  memory.take(runOf(2, { ...entryOf("a", 1, 2), app: "two" }));
  memory.takeNames(names(8, "one", "three"), "e");
  expect(memory.names().apps).toEqual(new Set(["one", "two", "three"]));
  for (const late of [
    () => memory.takeNames(names(7, "one"), "e"),
    () => memory.takeNames(names(9), "f"),
  ]) {
    late();
    expect(memory.names()).toEqual({ ...names(8, "one", "two", "three") });
  }
  memory.reset({ epoch: "f", revision: 1 }, names(8, "other"));
  expect(memory.names().apps).toEqual(new Set(["other"]));
});
