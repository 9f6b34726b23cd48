import { afterAll, beforeAll, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { observeSql } from "../../../test/helpers/observed-sql.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { createLayerMemory } from "./layer-memory.ts";
import { createLayerReader, type LayerReader } from "./layer-reader.ts";
import type { LayerName } from "./memory-layer.ts";
import { createWarmUp } from "./warm-up.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

const names: LayerName[] = Array.from({ length: 45 }, (_, index) => ({
  kind: "config",
  app: `app-${index}`,
  environment: "",
}));

beforeAll(async () => {
  database = await createTestDatabase();
  const ctx = createTestContext(database.sql);
  await commit(ctx, ...names.map(({ app }) => put("a", "x".repeat(1_000), { app })));
});

afterAll(() => database.drop());

const open = async (maxBytes: number): Promise<LayerReader> => {
  const layers = createLayerReader(createLayerMemory(maxBytes));
  await layers.followOnce(database.sql);
  return layers;
};

it("loads what is wanted, some at a time, and says how much is missing", async () => {
  const layers = await open(10_000_000);
  const { begun, sql } = observeSql(database.sql);
  const warmUp = createWarmUp(layers, 10_000_000);
  expect(warmUp.missing()).toBe(0);
  warmUp.want(names);
  await layers.load(database.sql, names.slice(0, 5));
  const left = [warmUp.missing()];
  while (warmUp.missing() > 0) {
    await warmUp.warmOnce(sql);
    left.push(warmUp.missing());
  }
  expect(left).toEqual([45, 25, 5, 0]);
  expect(names.filter((name) => !layers.memory.has(name))).toEqual([]);
  expect(begun()).toBe(3);
});

it("does not push out what it has loaded", async () => {
  const layers = await open(60_000);
  const warmUp = createWarmUp(layers, 60_000);
  warmUp.want(names);
  while (warmUp.missing() > 0) await warmUp.warmOnce(database.sql);
  expect(layers.memory.has(names[0]!)).toBe(true);
  expect(layers.memory.has(names[44]!)).toBe(false);
});

it("still wants what could not be loaded", async () => {
  const layers = await open(10_000_000);
  const warmUp = createWarmUp(layers, 10_000_000);
  warmUp.want(names.slice(0, 3));
  const broken = { sql: (() => Promise.reject(new Error("away"))) as never };
  await expect(warmUp.warmOnce(broken.sql)).rejects.toThrow("away");
  expect(warmUp.missing()).toBe(3);
  await warmUp.warmOnce(database.sql);
  expect(warmUp.missing()).toBe(0);
});
