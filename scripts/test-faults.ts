/** Lets clients work while seeded faults happen, and checks what they have seen; seed after seed. */
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeSeed } from "../test/helpers/history/describe-seed.ts";
import { runSeed } from "../test/helpers/history/run-seed.ts";
import { startWorld, type World } from "../test/helpers/history/world.ts";
import { installRedis } from "../test/helpers/install-redis.ts";

const help = `Usage: npm run test:faults -- [options]

Clients write, read and follow streams while processes are killed, PostgreSQL and Redis
are restarted and connections swallow everything. Then a checker looks at what they saw.

Options:
  --seeds N   how many seeds to run (default 10)
  --seed S    the first seed; alone it is the only one (default 1)
  --help      this text

The exit code is 1 where a promise was broken. The history of such a seed is kept in a
file, whose name is printed.`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const wholeNumber = (name: "seed" | "seeds", otherwise: number): number => {
  const text = values[name];
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1`);
  return Number(text);
};

/** Whether the seed broke no promise. */
const trySeed = async (world: World, seed: number): Promise<boolean> => {
  const result = await runSeed(world, seed);
  console.log(describeSeed(result));
  if (result.violations.length === 0) return true;
  const file = join(tmpdir(), `fairlead-history-${seed}.json`);
  await writeFile(file, JSON.stringify(result));
  console.log(`  the history is in ${file}\n  again: npm run test:faults -- --seed ${seed}`);
  return false;
};

const main = async (): Promise<void> => {
  const first = wholeNumber("seed", 1);
  const count = wholeNumber("seeds", values.seed === undefined ? 10 : 1);
  const beganMs = performance.now();
  const failed: number[] = [];
  let world = await startWorld({ redisProgram: installRedis() });
  try {
    for (let seed = first; seed < first + count; seed += 1) {
      const isKept = await trySeed(world, seed).catch((error: unknown) => {
        console.log(`seed ${seed}: could not be run to its end`, error);
        return false;
      });
      if (isKept) continue;
      failed.push(seed);
      // What is left behind is no concern of the next one.
      await world.close();
      world = await startWorld({ redisProgram: installRedis() });
    }
  } finally {
    await world.close();
  }
  const seconds = Math.round((performance.now() - beganMs) / 1_000);
  const summary = failed.length === 0 ? "all promises kept" : `broken: ${failed.join(", ")}`;
  console.log(`${count} seeds in ${seconds} s: ${summary}`);
  if (failed.length > 0) process.exitCode = 1;
};

// So that nothing is left running: what was started ends when this process exits.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

if (values.help) console.log(help);
else await main();
