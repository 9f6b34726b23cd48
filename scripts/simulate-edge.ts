/** Runs the edge in simulated time, seed after seed, and checks what its readers see. */
import { parseArgs } from "node:util";
import type { WayToOrigin } from "../test/simulation/edge-location.ts";
import { type SimulationResult, simulate } from "../test/simulation/simulate.ts";

const help = `Usage: node scripts/simulate-edge.ts [options]

Publishers, a head authority, KV and the isolates of 300 edge locations run in simulated time, while
messages are lost, late or come twice, processes die, and the origin is restored from a backup. Every
answer is checked.

Options:
  --seeds N      how many seeds to run (default 10)
  --seed S       the first seed; alone it is the only one (default 1)
  --steps M      how many events of each seed may go wrong, at the least (default 100000)
  --locations L  how many edge locations (default 300)
  --ways W       how locations reach the origin, any of none, database and api, with commas
                 (default all three: on its own, by the database, by the origin's API)
  --help         this text

The exit code is 1 where a rule was broken; the seed and the step are printed.`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    steps: { type: "string" },
    locations: { type: "string" },
    ways: { type: "string", default: "none,api,database" },
    help: { type: "boolean", default: false },
  },
});

const wholeNumber = (name: "seeds" | "seed" | "steps" | "locations", otherwise: number): number => {
  const text = values[name];
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1`);
  return Number(text);
};

const isWay = (text: string): text is WayToOrigin => ["none", "database", "api"].includes(text);

const waysToOrigin = (): WayToOrigin[] => {
  const ways = values.ways.split(",");
  if (!ways.every(isWay)) throw new Error("--ways knows none, database and api");
  return ways;
};

const sum = (results: readonly SimulationResult[], of: (one: SimulationResult) => number): number =>
  results.reduce((total, one) => total + of(one), 0);

const report = (results: readonly SimulationResult[], seconds: number): void => {
  const steps = sum(results, (one) => one.steps);
  const groups = ["reads", "edge", "authority", "kv", "network", "writing"] as const;
  console.log(
    `${steps} steps in ${Math.round(seconds)} s: ${Math.round(steps / seconds)} a second`,
  );
  const simulatedSeconds = Math.round(sum(results, (one) => one.simulatedMs) / 1_000);
  console.log(`simulated time: ${simulatedSeconds} s`);
  for (const group of groups) {
    const names = Object.keys(results[0]?.figures[group] ?? {});
    const shown = names.map((name) => {
      const of = ({ figures }: SimulationResult): number =>
        (figures[group] as unknown as Record<string, number>)[name] ?? 0;
      const isMost = name.endsWith("Ms");
      return `${name} ${Math.round(isMost ? Math.max(...results.map(of)) : sum(results, of))}`;
    });
    console.log(`${group}: ${shown.join(", ")}`);
  }
};

const main = async (): Promise<void> => {
  const first = wholeNumber("seed", 1);
  const count = wholeNumber("seeds", values.seed === undefined ? 10 : 1);
  const steps = wholeNumber("steps", 100_000);
  const locations = wholeNumber("locations", 300);
  const ways = waysToOrigin();
  const beganMs = performance.now();
  const results: SimulationResult[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await simulate({ seed, steps, locations, ways });
    results.push(result);
    const { violation } = result;
    console.log(
      violation === undefined
        ? `seed ${seed}: ${result.steps} steps, ${result.figures.reads.reads} reads`
        : `seed ${seed}, step ${violation.step}: broken: ${violation.rule}: ${violation.text}\n  again: node scripts/simulate-edge.ts --seed ${seed} --steps ${steps} --locations ${locations} --ways ${values.ways}`,
    );
  }
  report(results, (performance.now() - beganMs) / 1_000);
  if (results.some(({ violation }) => violation !== undefined)) process.exitCode = 1;
};

if (values.help) console.log(help);
else await main();
