import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newEpoch } from "../../../scripts/new-epoch.ts";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import type { LayerCache } from "../../layers/cache/layer-cache.ts";
import { createMemoryCache } from "../../layers/cache/memory-cache.ts";
import { publishLayers } from "../../layers/cache/publish-layers.ts";
import { createLayerMemory } from "../../layers/memory/layer-memory.ts";
import { createLayerReader, type KnownLayers } from "../../layers/memory/layer-reader.ts";
import { parseSettings } from "../../platform/settings.ts";
import { takeLayers } from "./layers-file.ts";
import { readFromCache, readFromSharedCache } from "./read-from-cache.ts";

const position = { kind: "config", app: "pay", environment: "" };
const used = [{ ...position, app: "" }, position];

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let cache: LayerCache;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterAll(() => database.drop());

beforeEach(async () => {
  cache = createMemoryCache();
  await commit(ctx, put("a", "known"), put("b", Math.random(), { app: "pay" }));
});

const publish = () =>
  publishLayers({
    cache,
    sql: database.sql,
    kinds: ["config"],
    isAnew: false,
    signal: new AbortController().signal,
  });

/** What a process knows now. */
const know = async (): Promise<KnownLayers> => {
  const reader = createLayerReader(createLayerMemory(1_000_000));
  await reader.followOnce(database.sql);
  await reader.open(database.sql, position, () => {});
  return { ...takeLayers(reader, 500), ageMs: 42 };
};

const valueIn = (known: KnownLayers, key: string): unknown => {
  const reader = createLayerReader(createLayerMemory(1_000_000));
  reader.begin(known);
  return reader.peek(position)?.view.resolved(key)?.value;
};

describe("a process that starts while PostgreSQL is away", () => {
  it("begins with the shared cache where that has come further than what it knows", async () => {
    const known = await know();
    const { revision } = await commit(ctx, put("a", "newer"), put("a", 1, { app: "newcomer" }));
    await publish();
    const begun = await readFromCache(cache, used, known);
    expect(begun).toMatchObject({ epoch: known.epoch, revision, ageMs: 42 });
    expect([valueIn(known, "a"), valueIn(begun, "a")]).toEqual(["known", "newer"]);
    expect(begun.names.apps.has("newcomer")).toBe(true);
    await commit(ctx, put("a", "known again"));
  });

  it("begins with what it knows where the cache is behind, empty, or of another history", async () => {
    expect(await readFromCache(cache, used, await know())).toMatchObject({ ageMs: 42 });
    await publish();
    await commit(ctx, put("a", "later"));
    const ahead = await know();
    expect(await readFromCache(cache, used, ahead)).toBe(ahead);
    await publish();
    await newEpoch(database.sql);
    const other = await know();
    expect(await readFromCache(cache, used, other)).toBe(other);
  });

  it("begins with what it knows where the cache cannot be reached, and says so", async () => {
    const known = await know();
    const lines: unknown[] = [];
    const log = { ...ctx.log, warn: (...said: unknown[]) => lines.push(said[0]) };
    const away = parseSettings({ LAYER_CACHE_URL: "redis://127.0.0.1:1" });
    expect(await readFromSharedCache(away, used, known, log)).toBe(known);
    expect(lines).toEqual(["the shared cache cannot be read"]);
    expect(await readFromSharedCache(parseSettings({}), used, known, log)).toBe(known);
  });
});
