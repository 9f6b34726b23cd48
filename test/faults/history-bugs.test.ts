import { describe, expect, inject, it } from "vitest";
import { runSeed } from "../helpers/history/run-seed.ts";
import type { WorkerBug } from "../helpers/history/worker.ts";
import { startWorld } from "../helpers/history/world.ts";

/** Faults have to hit the moment in which the bug can be seen. */
const seeds = [1, 2, 3, 4];

/** The rules that a deployment breaks whose workers have a bug. */
const brokenBy = async (bug: WorkerBug): Promise<Set<string>> => {
  const world = await startWorld({ redisProgram: inject("redisProgram"), bug });
  try {
    for (const seed of seeds) {
      const { violations } = await runSeed(world, seed);
      if (violations.length > 0) return new Set(violations.map(({ rule }) => rule));
    }
    return new Set();
  } finally {
    await world.close();
  }
};

describe("the history checker finds", () => {
  it("a worker that moves its cursor before the effect", async () => {
    expect(await brokenBy("cursor first")).toEqual(new Set(["a consumer's effects are complete"]));
  }, 180_000);

  it("a worker that moves heads before their documents", async () => {
    expect(await brokenBy("head first")).toEqual(new Set(["the shared cache is whole"]));
  }, 180_000);
});
