import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import type { Generator } from "../load/start-generator.ts";
import type { Report } from "../report.ts";
import { startContenders } from "./reads-contenders.ts";
import { type Contender, type ReadTurns, readsTable } from "./reads-table.ts";

const warmUpMs = 1_500;
const pauseMs = 200;

/** Authenticated reads on Node and on Deno beside constant answers there, etcd and Unleash, in interleaved turns. */
export async function reads(bench: Bench): Promise<Report> {
  const { contenders, versions } = await startContenders(bench);
  const generator = bench.startGenerator();
  const all: ReadTurns[] = [];
  for (const clients of bench.options.clients) {
    all.push(await takeTurns(bench, generator, contenders, clients));
  }
  const { table, ratios } = readsTable(all);
  return { tables: [table], ratios, versions };
}

export async function takeTurns(
  { options }: Bench,
  generator: Generator,
  contenders: readonly Contender[],
  clients: number,
): Promise<ReadTurns> {
  const take = ({ target }: Contender, durationMs: number) =>
    generator.run({ target, variant: "update", clients, durationMs, run: "reads" });
  for (const one of contenders) await take(one, warmUpMs);
  const turns = new Map(contenders.map((one) => [one, [] as Awaited<ReturnType<typeof take>>[]]));
  for (let round = 0; round < options.rounds; round++) {
    for (const [one, measurements] of turns) {
      await sleep(pauseMs);
      measurements.push(await take(one, options.seconds * 1_000));
    }
  }
  return { clients, turns };
}
