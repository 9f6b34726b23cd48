import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { newEpoch } from "../../scripts/new-epoch.ts";
import type { Ctx } from "../../src/context.ts";
import type { LayerCache } from "../../src/layers/cache/layer-cache.ts";
import { openLayerCache } from "../../src/layers/cache/open-layer-cache.ts";
import { readCachedLayer } from "../../src/layers/cache/read-cached-layers.ts";
import { commit, put } from "../helpers/change-sets.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { startRedis, type TestRedis } from "../helpers/start-redis.ts";
import { createTestContext } from "../helpers/test-context.ts";

const root = join(import.meta.dirname, "../..");
const global = { kind: "config", app: "", environment: "" };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let redis: TestRedis;
let ctx: Ctx;
let cache: LayerCache;
let worker: ChildProcess;
let output = "";

const startWorkers = (): ChildProcess => {
  const child = spawn(process.execPath, ["workers/main.ts"], {
    cwd: root,
    env: { DATABASE_URL: database.url, LAYER_CACHE_URL: redis.url },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return child;
};

const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
};

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis(inject("redisProgram"));
  ctx = createTestContext(database.sql);
  cache = openLayerCache({ layerCacheUrl: redis.url, layerCacheToken: undefined })!;
  worker = startWorkers();
});

afterAll(async () => {
  await kill(worker);
  await cache.close();
  await redis.remove();
  await database.drop();
});

/** Waits until the cache has a layer as a revision left it; nothing older of that epoch is accepted. */
const reaches = async (revision: number): Promise<Map<string, unknown>> => {
  for (;;) {
    if (worker.exitCode !== null) throw new Error(`the workers have ended\n${output}`);
    const layer = await readCachedLayer(cache, global).catch(() => undefined);
    if (layer !== undefined && layer.revision >= revision) {
      return new Map(layer.entries.map(({ key, value }) => [key, value]));
    }
    await sleep(10);
  }
};

const change = async (key: string, value: number): Promise<number> =>
  (await commit(ctx, put(key, value))).revision ?? 0;

describe("workers with a shared cache", () => {
  it("publish what is committed", async () => {
    expect((await reaches(await change("a", 1))).get("a")).toBe(1);
    expect((await reaches(await change("a", 2))).get("a")).toBe(2);
  });

  it("catch up when Redis is back, empty, after changes that it missed", async () => {
    await redis.stop();
    await change("b", 1);
    const newest = await change("c", 1);
    await redis.start();
    const entries = await reaches(newest);
    expect([entries.get("a"), entries.get("b"), entries.get("c")]).toEqual([2, 1, 1]);
  });

  it("fill a cache that has lost everything, though nothing is committed", async () => {
    const newest = await change("d", 1);
    await reaches(newest);
    await redis.stop();
    await redis.start();
    expect((await reaches(newest)).get("d")).toBe(1);
  });

  it("publish anew in a new epoch", async () => {
    const newest = await change("e", 1);
    await reaches(newest);
    const { to } = await newEpoch(database.sql);
    let point = (await cache.readHeads([]))?.point;
    while (point?.epoch !== to) {
      await sleep(10);
      point = (await cache.readHeads([]))?.point;
    }
    expect((await reaches(newest)).get("e")).toBe(1);
  });

  it("are replaced by others when they die", async () => {
    const before = worker;
    worker = startWorkers();
    await reaches(await change("f", 1));
    await kill(before);
    expect((await reaches(await change("f", 2))).get("f")).toBe(2);
    expect(output).not.toContain('"level":"error"');
  });
});
