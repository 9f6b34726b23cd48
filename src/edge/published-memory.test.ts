import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newEpoch } from "../../scripts/new-epoch.ts";
import { changeSetOf, commit, put, remove } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { startEdge, type TestEdge } from "../../test/helpers/edge/start-edge.ts";
import { effort } from "../../test/helpers/effort.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { commitChangeSet } from "../changes/commit-change-set.ts";
import type { Ctx } from "../context.ts";
import { publishLayers } from "../layers/cache/publish-layers.ts";
import { readCachedLayers } from "../layers/cache/read-cached-layers.ts";
import {
  createLayerMemory,
  type LayerMemory,
  type LoadedLayer,
} from "../layers/memory/layer-memory.ts";
import { loadLayers } from "../layers/memory/load-layers.ts";
import type { LayerName } from "../layers/memory/memory-layer.ts";
import { type Committed, readCommitted } from "../layers/memory/read-committed.ts";
import { edgeDocuments } from "./edge-documents.ts";
import { createRemoteCache } from "./remote-cache.ts";

const scopes = [
  { app: "", environment: "" },
  { app: "billing", environment: "" },
  { app: "billing", environment: "production" },
] as const;
const layers: readonly LayerName[] = scopes.map((scope) => ({ kind: "config", ...scope }));

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let edge: TestEdge;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterAll(() => database.drop());

beforeEach(async () => {
  edge = await startEdge();
});

afterEach(() => edge.stop());

/** A put of what is there already would be no change. */
let uniques = 0;
const unique = (): number => (uniques += 1);

const publish = (kinds: readonly string[] = ["config"]) =>
  publishLayers({
    cache: createRemoteCache(edge.connect()),
    sql: database.sql,
    kinds,
    isAnew: false,
    signal: new AbortController().signal,
  });

interface Source {
  committed(memory: LayerMemory): Promise<Committed | undefined>;
  layers(): Promise<readonly LoadedLayer[] | undefined>;
}

const postgres: Source = {
  committed: (memory) => readCommitted(database.sql, memory.point(), memory.names().version),
  layers: () => loadLayers(database.sql, layers),
};

const authority: Source = {
  committed: async (memory) => edge.authority().committed(memory.point(), memory.names().version),
  layers: async () => {
    const documents = edgeDocuments({
      store: edge.kv,
      authority: {
        readHeads: async (names) => edge.authority().readHeads(names),
        readParts: async (wanted) => edge.authority().readParts(wanted),
      },
    });
    return (await readCachedLayers(documents, layers))?.layers;
  },
};

/** Takes in what is new, as a process does; answers how often it had to begin anew. */
const follow = async (memory: LayerMemory, source: Source): Promise<number> => {
  let resets = 0;
  for (;;) {
    const told = await source.committed(memory);
    if (told === undefined) return resets;
    const { names, newest, run } = told;
    if (run === undefined) {
      memory.reset(newest, names);
      resets += 1;
    } else {
      if (names !== undefined) memory.takeNames(names, newest.epoch);
      expect(memory.take(run)).toBe(true);
    }
    if (memory.point().revision === newest.revision) break;
  }
  for (const name of layers) memory.expect(name);
  for (const layer of (await source.layers()) ?? []) {
    if (!memory.has(layer.name)) memory.add(layer);
  }
  for (const name of layers) memory.unexpect(name);
  return resets;
};

const shown = (memory: LayerMemory) => ({
  point: memory.point(),
  apps: [...memory.names().apps].toSorted(),
  environments: [...memory.names().environments].toSorted(),
  layers: memory
    .lastUsed()
    .map((layer) => ({
      name: layer.name,
      head: layer.head(),
      entries: layer.entries().toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    }))
    .toSorted((a, b) => (JSON.stringify(a.name) < JSON.stringify(b.name) ? -1 : 1)),
});

const steps: Record<string, (memory: LayerMemory) => Promise<unknown>> = {
  commit: () => commit(ctx, put("a", unique()), put("b", { c: [unique()] }, scopes[2])),
  "commit to an app": () => commit(ctx, put(`k.${unique() % 7}`, "ü😀".repeat(50), scopes[1])),
  remove: () => commit(ctx, remove(`a`)).catch(() => {}),
  "make an app": () => commit(ctx, put("a", 1, { app: `app-${unique()}` })),
  publish: () => publish(),
  follow: (memory) => follow(memory, authority),
  fill: () => edge.connect().send({ op: "reset" }),
  lose: async () => edge.lose(),
  restore: () => newEpoch(database.sql),
};

describe("a memory that an edge feeds", () => {
  it("shows what one shows that PostgreSQL feeds, whatever happened in between", async () => {
    const step = fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom("commit", "commit to an app", "remove") },
      { weight: 10, arbitrary: fc.constantFrom("publish", "follow") },
      { weight: 1, arbitrary: fc.constantFrom("make an app", "fill", "lose", "restore") },
    );
    let resets = 0;
    let runs = 0;
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (names) => {
      const near = createLayerMemory(1e9);
      const far = createLayerMemory(1e9);
      for (const name of names) await steps[name]!(far);
      await commit(ctx, put("a", unique()), put("a", unique(), scopes[1]));
      await publish();
      await follow(far, authority);
      await commit(ctx, put("last", unique(), scopes[2]));
      await publish();
      runs += 1;
      resets += await follow(far, authority);
      await follow(near, postgres);
      expect(shown(far)).toEqual(shown(near));
    });
    await fc.assert(property, { numRuns: 25 * effort });
    // What follows without a gap is taken from the log; a publisher that was overtaken may leave one.
    expect(runs).toBeGreaterThan(0);
    expect(resets).toBeLessThan(runs / 5);
  });

  it("is told of revisions that it sees nothing of, but not what they say", async () => {
    await publish(["flag"]);
    const point = edge.authority().readHeads([])!.point;
    await commitChangeSet(ctx, {
      changeSet: { ...changeSetOf(put("a", unique())), message: "nobody's business" },
    });
    const { revision } = await publish(["flag"]);
    const told = edge.authority().committed(point, point.namesVersion)!;
    expect(told.run).toMatchObject({
      after: point.revision,
      revisions: [{ revision, message: "", entries: [] }],
    });
  });

  it("begins anew where more was committed than is worth sending", async () => {
    await commit(ctx, put("a", unique()));
    await publish();
    const memory = createLayerMemory(1e9);
    await follow(memory, authority);
    const large = Array.from({ length: 30 }, () => put(`large.${unique()}`, "x".repeat(200_000)));
    await commit(ctx, ...large);
    await publish();
    expect(await follow(memory, authority)).toBe(1);
    const near = createLayerMemory(1e9);
    await follow(near, postgres);
    expect(shown(memory)).toEqual(shown(near));
    await commit(ctx, put("a", unique()));
    await publish();
    expect(await follow(memory, authority)).toBe(0);
  });
});
