import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { type WatchedCache, watchCache } from "../../../test/helpers/watched-cache.ts";
import type { Ctx } from "../../context.ts";
import type { LayerName } from "../memory/memory-layer.ts";
import { createMemoryCache } from "./memory-cache.ts";
import { publishLayers } from "./publish-layers.ts";
import { readCachedLayer, readCachedLayers } from "./read-cached-layers.ts";

const global: LayerName = { kind: "config", app: "", environment: "" };
const production: LayerName = { kind: "config", app: "", environment: "production" };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let cache: WatchedCache;
let numbers = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
  const filler = Array.from({ length: 100 }, (_, index) => put(`filler.${index}`, "x".repeat(50)));
  await commit(ctx, ...filler);
});

afterAll(() => database.drop());

beforeEach(async () => {
  cache = watchCache(createMemoryCache());
  await publish();
});

const publish = () =>
  publishLayers({
    cache,
    sql: database.sql,
    kinds: ["config"],
    isAnew: false,
    signal: new AbortController().signal,
  });

/** Changes a key, and answers how far the cache is then. */
const change = async (key: string) => {
  await commit(ctx, put(key, (numbers += 1)));
  return publish();
};

const readCounted = async (...parameters: Parameters<typeof readCachedLayer>) => {
  const before = cache.counts.documentsRead;
  const layer = await readCachedLayer(...parameters);
  return { layer, documents: cache.counts.documentsRead - before };
};

describe("reading a layer from a shared cache", () => {
  it("takes only what has changed since what is held", async () => {
    const start = await change("a");
    const first = await change("b");
    const second = await change("c");
    const fromStart = await readCounted(cache, global, start);
    expect(fromStart.documents).toBe(2);
    expect(fromStart.layer).toMatchObject({ isWhole: false, revision: second.revision });
    expect(fromStart.layer!.entries.map(({ key }) => key).toSorted()).toEqual(["b", "c"]);
    const fromFirst = await readCounted(cache, global, first);
    expect([fromFirst.documents, fromFirst.layer!.entries.map(({ key }) => key)]).toEqual([
      1,
      ["c"],
    ]);
    const nothing = await readCounted(cache, global, second);
    expect(nothing).toMatchObject({ documents: 0, layer: { entries: [], isWhole: false } });
    const whole = await readCounted(cache, global);
    expect(whole.layer).toMatchObject({ isWhole: true, head: second.revision });
    expect(whole.layer!.entries.length).toBeGreaterThan(100);
  });

  it("takes all where what is held is older than the full document", async () => {
    const held = { ...(await change("a")), revision: 1 };
    const { layer } = await readCounted(cache, global, { ...held, revision: 0 });
    expect(layer!.isWhole).toBe(true);
  });

  it("takes nothing of a layer that has not changed, whatever else has", async () => {
    await commit(ctx, put("of.production", (numbers += 1), { environment: "production" }));
    const held = await publish();
    await change("a");
    cache = watchCache(createMemoryCache());
    // The full documents of the new cache are younger than what is held.
    await publish();
    const { documents, layer } = await readCounted(cache, production, held);
    expect([documents, layer!.entries, layer!.isWhole]).toEqual([0, [], false]);
  });

  it("says of a layer that never had an entry that it is empty", async () => {
    const nowhere = { ...global, app: "no-such-app" };
    expect(await readCachedLayer(cache, nowhere)).toMatchObject({
      head: 0,
      entries: [],
      isWhole: true,
    });
  });

  it("gives nothing that is of another epoch than what is held, or older", async () => {
    const point = await change("a");
    expect(
      await readCachedLayer(cache, global, { ...point, epoch: "f".repeat(16) }),
    ).toBeUndefined();
    const later = { ...point, revision: point.revision + 1 };
    expect(await readCachedLayer(cache, global, later)).toBeUndefined();
    expect(await readCachedLayer(createMemoryCache(), global)).toBeUndefined();
  });

  it("gives nothing where a document is not what its head says", async () => {
    await change("a");
    const tampering = (tamper: (text: string) => string) => ({
      ...cache,
      readDocuments: async (...names: Parameters<typeof cache.readDocuments>) =>
        (await cache.readDocuments(...names)).map((text) => text && tamper(text)),
    });
    const edited = tampering((text) => text.replace('"x', '"y'));
    expect(await readCachedLayer(edited, global)).toBeUndefined();
    const cut = tampering((text) => text.slice(0, -1));
    expect(await readCachedLayer(cut, global)).toBeUndefined();
    expect(
      await readCachedLayer(
        tampering((text) => text),
        global,
      ),
    ).toBeDefined();
  });

  it("gives no set of which one document is missing", async () => {
    const { epoch } = await change("a");
    await cache.sweepDocuments(epoch, global, () => true);
    expect(await readCachedLayers(cache, [production, global])).toBeUndefined();
    expect(await readCachedLayers(cache, [production])).toBeDefined();
  });

  it("begins again with the heads of the moment where a document went meanwhile", async () => {
    const before = await change("a");
    let isFirst = true;
    const overtaken = {
      ...cache,
      readDocuments: async (...names: Parameters<typeof cache.readDocuments>) => {
        if (isFirst) {
          isFirst = false;
          await cache.sweepDocuments(before.epoch, global, () => true);
          await change("b");
        }
        return cache.readDocuments(...names);
      },
    };
    const layer = await readCachedLayer(overtaken, global);
    expect(layer!.revision).toBeGreaterThan(before.revision);
    expect(layer!.entries.map(({ key }) => key)).toEqual(expect.arrayContaining(["a", "b"]));
  });
});
