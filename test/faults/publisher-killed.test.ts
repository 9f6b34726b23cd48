import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import type { Ctx } from "../../src/context.ts";
import type { LayerCache } from "../../src/layers/cache/layer-cache.ts";
import { openLayerCache } from "../../src/layers/cache/open-layer-cache.ts";
import { commit, put } from "../helpers/change-sets.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { consumerState, expireLease } from "../helpers/drain.ts";
import { readCache } from "../helpers/history/cache-client.ts";
import { readCopy, readEvents } from "../helpers/history/effects.ts";
import { eventually } from "../helpers/history/eventually.ts";
import { holding } from "../helpers/history/holding.ts";
import { type Member, startMember } from "../helpers/history/member.ts";
import type { HoldPoint } from "../helpers/history/worker.ts";
import { startRedis, type TestRedis } from "../helpers/start-redis.ts";
import { createTestContext } from "../helpers/test-context.ts";

const shop = { app: "shop" };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let redis: TestRedis;
let folder: string;
let ctx: Ctx;
let cache: LayerCache;
let worker: Member;

const start = (hold?: HoldPoint): Member =>
  startMember("test/helpers/history/worker.ts", {
    DATABASE_URL: database.url,
    LAYER_CACHE_URL: redis.url,
    EFFECTS_FOLDER: folder,
    ...(hold === undefined ? {} : { HOLD: hold }),
  });

beforeEach(async () => {
  database = await createTestDatabase();
  redis = await startRedis(inject("redisProgram"));
  folder = await mkdtemp(join(tmpdir(), "fairlead-effects-"));
  ctx = createTestContext(database.sql);
  cache = openLayerCache({ layerCacheUrl: redis.url, layerCacheToken: undefined })!;
  worker = start();
});

afterEach(async () => {
  await worker.kill();
  await cache.close();
  await redis.remove();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Two layers at one time, so that one of them alone is seen. */
const change = async (value: string): Promise<number> =>
  (await commit(ctx, put("a.0", value), put("a.0", value, shop))).revision ?? 0;

/** What the cache shows in both layers; nothing else than a whole state is accepted. */
const shown = async (): Promise<{ revision: number; values: unknown[] } | undefined> => {
  const record = await readCache(cache);
  expect(record?.kind).not.toBe("broken");
  if (record?.kind !== "set") return undefined;
  const values = record.layers
    .flatMap(({ entries }) => entries)
    .filter(({ key }) => key === "a.0")
    .map(({ value }) => value);
  return { revision: record.revision, values };
};

const shows = async (revision: number, value: string): Promise<void> => {
  const isThere = async () => ((await shown())?.revision ?? 0) >= revision;
  expect(await eventually(isThere)).toBe(true);
  expect(await shown()).toEqual({ revision, values: [value, value] });
};

/** Ends the worker as a crash would; who comes next need not wait until its leases are over. */
const crash = async (): Promise<void> => {
  await worker.kill();
  for (const name of ["layers", "history-events", "history-copy"]) {
    await expireLease(database.sql, name);
  }
};

const cursor = async (): Promise<number> => (await consumerState(database.sql, "layers")).revision;

describe("a worker that is killed while it publishes, although nothing is committed after", () => {
  const left: Readonly<Record<HoldPoint, "old" | "new">> = {
    "before documents": "old",
    "after documents": "old",
    "before heads": "old",
    "after heads": "new",
  };

  it.each(Object.entries(left) as [HoldPoint, "old" | "new"][])(
    "%s: leaves the whole %s state, and the next one brings the new one",
    async (hold, state) => {
      await shows(await change("first"), "first");
      const first = await change("old");
      await shows(first, "old");
      expect(await eventually(async () => (await cursor()) === first)).toBe(true);
      await crash();
      const newest = await change("new");
      worker = start(hold);
      expect(await eventually(() => worker.output().includes(holding(hold)))).toBe(true);
      await crash();
      const expected = state === "old" ? { revision: first } : { revision: newest };
      expect(await shown()).toEqual({ ...expected, values: [state, state] });
      // What has happened is not said to have happened.
      expect(await cursor()).toBe(first);
      worker = start();
      await shows(newest, "new");
      expect(await eventually(async () => (await cursor()) === newest)).toBe(true);
      expect(await eventually(async () => (await readCopy(folder)) === newest)).toBe(true);
      expect(await eventually(async () => (await readEvents(folder)).includes(newest))).toBe(true);
    },
  );

  it("after its cursor was moved: has lost nothing", async () => {
    await shows(await change("old"), "old");
    const newest = await change("new");
    expect(await eventually(async () => (await cursor()) === newest)).toBe(true);
    await crash();
    await shows(newest, "new");
    worker = start();
    await shows(await change("newer"), "newer");
  });
});
