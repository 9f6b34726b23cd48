import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newEpoch } from "../../../scripts/new-epoch.ts";
import { commit, put, remove } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { type CachePlace, cacheAdapters } from "../../../test/helpers/layer-caches.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { watchCache } from "../../../test/helpers/watched-cache.ts";
import type { Ctx } from "../../context.ts";
import { loadLayers } from "../memory/load-layers.ts";
import type { CommittedEntry, LayerName } from "../memory/memory-layer.ts";
import { type CachePoint, type LayerCache, layerIdOf } from "./layer-cache.ts";
import { publishLayers } from "./publish-layers.ts";
import { readCachedLayer, readCachedLayers } from "./read-cached-layers.ts";

const production = { app: "billing", environment: "production" };
const layers: readonly LayerName[] = [
  { kind: "config", app: "", environment: "" },
  { kind: "config", app: "billing", environment: "" },
  { kind: "config", ...production },
];

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
  // Large enough that a change is not published as a whole layer.
  const filler = Array.from({ length: 400 }, (_, index) => put(`filler.${index}`, "x".repeat(50)));
  for (const scope of [{}, { app: "billing" }, production]) {
    await commit(ctx, ...filler.map((one) => ({ ...one, ...scope })));
  }
});

afterAll(() => database.drop());

/** A put of what is there already would be no change. */
let uniques = 0;
const unique = (): number => (uniques += 1);

const publish = (cache: LayerCache, isAnew = false): Promise<CachePoint> =>
  publishLayers({
    cache,
    sql: database.sql,
    kinds: ["config"],
    isAnew,
    signal: new AbortController().signal,
  });

const byKey = (entries: readonly CommittedEntry[]): CommittedEntry[] =>
  entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** All that the cache holds is what PostgreSQL holds. */
const expectWhole = async (cache: LayerCache): Promise<void> => {
  const [stored, cached] = await Promise.all([
    loadLayers(database.sql, layers),
    readCachedLayers(cache, layers),
  ]);
  expect(cached!.layers.map(({ name }) => name)).toEqual(layers);
  for (const layer of stored) {
    const found = cached!.layers.find(({ name }) => layerIdOf(name) === layerIdOf(layer.name))!;
    expect(found).toMatchObject({ name: layer.name, head: layer.head, isWhole: true });
    expect(found.revision).toBe(layer.revision);
    expect(byKey(found.entries)).toEqual(byKey(layer.entries));
  }
};

describe.each(Object.entries(cacheAdapters))("publishing to %s", (_adapter, start) => {
  let place: CachePlace;
  let cache: LayerCache;
  let other: LayerCache;

  beforeAll(async () => {
    place = await start();
    cache = place.open();
    other = place.open();
  });

  afterAll(() => place.stop());
  beforeEach(() => place.lose());

  it("fills an empty cache, keeps it at the newest revision, and fills it again when it is lost", async () => {
    await publish(cache);
    await expectWhole(other);
    await commit(ctx, put("a", unique()), put("b", { c: [null, "ü😀", unique()] }, production));
    const { revision } = await publish(cache);
    await expectWhole(other);
    expect((await other.readHeads([]))!.point.revision).toBe(revision);
    await commit(ctx, remove("a"));
    await publish(cache);
    await expectWhole(other);
    await place.lose();
    await publish(cache);
    await expectWhole(other);
  });

  it("tells which apps and environments there are", async () => {
    await publish(cache);
    await commit(ctx, put("a", 1, { app: `new-app-${unique()}` }));
    await publish(cache);
    const { apps, environments } = (await readCachedLayers(other, layers))!.names;
    expect(apps).toEqual(expect.arrayContaining(["billing", expect.stringMatching(/^new-app/)]));
    expect(environments).toEqual(["development", "production", "staging"]);
  });

  it("moves heads only when all the documents that they name are there", async () => {
    let moves = 0;
    const strict: LayerCache = {
      ...cache,
      async moveHeads(move) {
        for (const [layer, { deltas, full }] of move.heads) {
          const chain = [full, ...deltas].map((ref) => ({ epoch: move.to.epoch, layer, ...ref }));
          expect(await other.readDocuments(chain)).not.toContain(undefined);
        }
        moves += 1;
        return cache.moveHeads(move);
      },
    };
    for (let round = 0; round < 12; round += 1) {
      await publish(strict);
      await commit(ctx, put("a", unique()), put("a", unique(), production));
    }
    expect(moves).toBe(12);
  });

  it("survives two publishers that race all the time, and readers see no revision in part", async () => {
    const write = (number: number) =>
      commit(
        ctx,
        put("n", number),
        put("n", number, { app: "billing" }),
        put("n", number, production),
      );
    await write(0);
    await publish(cache);
    let isOver = false;
    let seen = 0;
    const race = async (through: LayerCache): Promise<void> => {
      // Whoever loses all races says so, and the next one begins anew.
      while (!isOver) await publish(through).catch(() => {});
    };
    const readHeld = async (): Promise<void> => {
      const held = (await readCachedLayers(other, layers))!;
      const entries = held.layers.map((layer) => new Map(layer.entries.map((e) => [e.key, e])));
      let { point } = held;
      while (!isOver) {
        await turn();
        const next = await readCachedLayers(other, layers, point);
        if (next === undefined) continue;
        for (const [index, layer] of next.layers.entries()) {
          for (const entry of layer.entries) entries[index]!.set(entry.key, entry);
        }
        const values = entries.map((layer) => layer.get("n")!.value);
        expect(new Set(values).size).toBe(1);
        expect(next.point.revision).toBeGreaterThanOrEqual(point.revision);
        if (next.point.revision > point.revision) seen += 1;
        ({ point } = next);
      }
    };
    const readWhole = async (): Promise<void> => {
      let newest = 0;
      while (!isOver) {
        await turn();
        const set = await readCachedLayers(cache, layers);
        if (set === undefined) continue;
        const values = set.layers.map(
          ({ entries }) => entries.find(({ key }) => key === "n")!.value,
        );
        expect(new Set(values).size).toBe(1);
        expect(set.point.revision).toBeGreaterThanOrEqual(newest);
        newest = set.point.revision;
      }
    };
    const running = [race(cache), race(other), readWhole(), readHeld()];
    const ended = Promise.all(running);
    const writing = (async () => {
      // Fewer than five seen would prove little, and a slow machine needs longer for them.
      for (let number = 1; number <= 60 || seen < 5; number += 1) await write(number);
    })();
    await Promise.race([writing, ended]);
    isOver = true;
    await ended;
    expect(seen).toBeGreaterThanOrEqual(5);
    await publish(cache);
    await expectWhole(other);
  });

  it("is not set back by a publisher that stalls and finishes after a newer one", async () => {
    await publish(cache);
    await commit(ctx, put("stall", unique()));
    const stalled = watchCache(cache);
    const reached = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    stalled.beforeMove = () => {
      reached.resolve();
      return release.promise;
    };
    const late = publish(stalled);
    await reached.promise;
    const { revision } = await commit(
      ctx,
      put("stall", unique()),
      put("stall", unique(), production),
    );
    await publish(other);
    release.resolve();
    expect((await late).revision).toBe(revision);
    await expectWhole(other);
  });

  it("gives way to a new epoch at any revision, and what stalls in the old one moves nothing", async () => {
    await publish(cache);
    await commit(ctx, put("old", unique()));
    const old = (await other.readHeads(layers))!;
    const stalled = watchCache(cache);
    const reached = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    stalled.beforeMove = () => {
      reached.resolve();
      return release.promise;
    };
    const late = publish(stalled);
    await reached.promise;
    const { to: epoch } = await newEpoch(database.sql);
    expect(await publish(other, true)).toMatchObject({ epoch });
    await commit(ctx, put("new", unique()));
    release.resolve();
    expect(await late).toMatchObject({ epoch });
    await expectWhole(other);
    const held = { epoch: old.point.epoch, revision: old.point.revision };
    expect(await readCachedLayers(other, layers, held)).toBeUndefined();
    const { full } = old.heads[0]!;
    const name = { epoch: old.point.epoch, layer: layers[0]!, ...full };
    expect(await other.readDocuments([name])).toEqual([undefined]);
  });

  it("costs a small change little, and keeps chain and documents short however many there are", async () => {
    const watched = watchCache(cache);
    await publish(watched);
    const whole = watched.counts.bytesPut;
    const changes = 150;
    for (let number = 0; number < changes; number += 1) {
      await commit(ctx, put("hot", unique()));
      await publish(watched);
    }
    expect((watched.counts.bytesPut - whole) / changes).toBeLessThan(whole / 50);
    const { heads, point } = (await other.readHeads([layers[0]!]))!;
    expect(heads[0]!.deltas.length).toBeLessThan(3 * 8);
    const left = await cache.sweepDocuments(point.epoch, layers[0]!, () => false);
    expect(left.length).toBeLessThan(4 * 8);
    await expectWhole(other);
  });

  it("begins a new full document when the deltas have become large", async () => {
    await publish(cache);
    const before = (await other.readHeads([layers[0]!]))!.heads[0]!;
    for (let round = 0; round < 12; round += 1) {
      const some = Array.from({ length: 40 }, (_, index) =>
        put(`filler.${(round * 40 + index) % 400}`, String(unique()).padEnd(40)),
      );
      await commit(ctx, ...some);
      await publish(cache);
    }
    const { full } = (await other.readHeads([layers[0]!]))!.heads[0]!;
    expect(full.revision).toBeGreaterThan(before.full.revision);
    await expectWhole(other);
  });

  it("repairs a layer whose documents the cache has dropped, with its next change", async () => {
    await publish(cache);
    const { epoch } = (await other.readHeads([]))!.point;
    await cache.sweepDocuments(epoch, layers[0]!, () => true);
    expect(await readCachedLayer(other, layers[0]!)).toBeUndefined();
    expect(await readCachedLayer(other, layers[1]!)).toBeDefined();
    await commit(ctx, put("repair", unique()));
    await publish(cache);
    await expectWhole(other);
  });
});

describe("publishing", () => {
  it("refuses a cache that is ahead of the database in the same epoch", async () => {
    const place = await cacheAdapters["memory"]!();
    const cache = place.open();
    const point = await publish(cache);
    const ahead = { ...point, revision: point.revision + 5 };
    await cache.moveHeads({ from: point, to: ahead, heads: [], isWhole: false });
    await expect(publish(cache)).rejects.toThrow("give the deployment a new epoch");
  });

  it("leaves out kinds that are not published", async () => {
    const place = await cacheAdapters["memory"]!();
    const cache = place.open();
    const signal = new AbortController().signal;
    await publishLayers({ cache, sql: database.sql, kinds: ["flag"], isAnew: false, signal });
    expect((await cache.readHeads(layers))!.heads).toEqual([undefined, undefined, undefined]);
  });
});
