import postgres from "postgres";
import type { Bench } from "../bench.ts";
import { readAll, readOne } from "../load/read-all.ts";
import { settledBytes } from "../measure/memory.ts";
import { pinBench } from "../measure/pin.ts";
import { runBareSelect } from "../peers/bare-select.ts";
import type { Fairlead, PutOperation } from "../peers/fairlead.ts";
import type { Report } from "../report.ts";
import { type StartRound, startTables } from "./start-table.ts";

const apps = 1_000;
const environments = ["development", "staging", "production"];
const keys = 100;
const operationsAtOnce = 10_000;
/** Reads of layers that are not in memory, one after another. */
const firstReads = 100;

/** An API process that starts over a database of 300,000 entries. */
export async function start(bench: Bench): Promise<Report> {
  pinBench(bench);
  const seeding = await bench.startFairlead({ id: "seeding", databaseUrl: "" });
  await seed(seeding);
  const rounds: StartRound[] = [];
  for (let round = 0; round < bench.options.rounds; round++) {
    rounds.push(await runRound(bench, seeding, round));
  }
  const { ratios, tables } = startTables(rounds);
  return { tables, ratios, versions: { PostgreSQL: seeding.postgresVersion } };
}

function* entries(): Generator<PutOperation> {
  const value = "x".repeat(100);
  for (let app = 0; app < apps; app++) {
    for (const environment of environments) {
      for (let key = 0; key < keys; key++) {
        yield { app: `app-${app}`, environment, key: `service.setting.${key}`, value };
      }
    }
  }
}

async function seed(fairlead: Fairlead): Promise<void> {
  let some: PutOperation[] = [];
  for (const entry of entries()) {
    some.push(entry);
    if (some.length < operationsAtOnce) continue;
    await fairlead.putAll(some);
    some = [];
  }
  if (some.length > 0) await fairlead.putAll(some);
  const sql = postgres(fairlead.databaseUrl, { max: 1 });
  // As it is a while after such an import; it is not to run while a start is timed.
  await sql`vacuum analyze`;
  await sql.end();
}

async function runRound(bench: Bench, seeding: Fairlead, round: number): Promise<StartRound> {
  const { apiKey, databaseUrl } = seeding;
  const { directory, options } = bench;
  const cores = options.cores?.servers;
  const bare = await runBareSelect({ directory, cores, databaseUrl });
  const process = { id: `start-${round}`, apiKey, databaseUrl };
  const cold = await bench.startFairlead(process);
  const readyBytes = await settledBytes(cold.pid);
  const all = environments.flatMap((environment) =>
    Array.from(
      { length: apps },
      (_, app) => `/v1/config?app=app-${app}&environment=${environment}`,
    ),
  );
  const firstMs: number[] = [];
  for (const path of all.slice(0, firstReads)) firstMs.push(await readOne(cold, path));
  const started = performance.now();
  await readAll(cold, all.slice(firstReads));
  const restMs = performance.now() - started;
  const memory = await readMemory(cold);
  const allBytes = await settledBytes(cold.pid);
  await cold.stop();
  // It finds which layers the last one had used.
  const warm = await bench.startFairlead(process);
  const held = await readMemory(warm);
  const warmBytes = await settledBytes(warm.pid);
  await warm.stop();
  return {
    bare,
    cold: { readyMs: cold.readyMs, readyBytes, firstMs, restMs, allBytes, ...memory },
    warm: { readyMs: warm.readyMs, readyBytes: warmBytes, ...held },
  };
}

/** What the process says that it holds. */
async function readMemory({ apiKey, port }: Fairlead) {
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
  const text = await response.text();
  const gauge = (name: string): number =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
  return { layers: gauge("fairlead_layers"), layerBytes: gauge("fairlead_layers_bytes") };
}
