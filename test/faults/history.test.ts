import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { describeSeed } from "../helpers/history/describe-seed.ts";
import { runSeed } from "../helpers/history/run-seed.ts";
import { startWorld, type World } from "../helpers/history/world.ts";

/** How long seeds are begun; the first ones are always the same, and those after them never. */
const budgetMs = 1_000 * Number(process.env["FAULTS_BUDGET_SECONDS"] ?? "60");
const fixedSeeds = [1, 2, 3];

let world: World;

beforeAll(async () => {
  world = await startWorld({ redisProgram: inject("redisProgram") });
});

afterAll(async () => {
  await world.close();
});

it(
  "whatever happens to processes, PostgreSQL, Redis and connections, every promise to clients is kept",
  async () => {
    const startedMs = performance.now();
    for (let round = 0; round < 1 || performance.now() - startedMs < budgetMs; round += 1) {
      const seed = fixedSeeds[round] ?? 1_000 + Math.floor(Math.random() * 1e8);
      console.log(`seed ${seed}; again: npm run test:faults -- --seed ${seed}`);
      const result = await runSeed(world, seed);
      console.log(describeSeed(result));
      expect(result.violations.slice(0, 20), `seed ${seed}`).toEqual([]);
    }
  },
  budgetMs + 240_000,
);
