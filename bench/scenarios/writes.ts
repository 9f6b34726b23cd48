import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import type { Job, Measurement, Target, Variant } from "../load/job.ts";
import type { Generator } from "../load/start-generator.ts";
import {
  addressesToSeed,
  appName,
  environment,
  etcdKey,
  keyName,
  valueText,
} from "../load/workload.ts";
import { diskOf } from "../measure/disk.ts";
import { type CpuReaders, type MeterReading, startMeter } from "../measure/meter.ts";
import { treeCpuSeconds } from "../measure/processes.ts";
import type { SystemId } from "../options.ts";
import type { Etcd } from "../peers/etcd.ts";
import type { Fairlead } from "../peers/fairlead.ts";
import type { SystemUnderTest } from "../peers/system.ts";
import type { Report } from "../report.ts";
import { type Block, type Turn, writesTable } from "./writes-table.ts";

const variants: readonly Variant[] = ["update", "create"];
const warmUpMs = 1_500;
/** Between turns, so that what one system does after its last answer is not charged to the next. */
const pauseMs = 300;

interface Contender {
  readonly id: SystemId;
  readonly target: Target;
  readonly system: SystemUnderTest;
}

interface Field {
  readonly contenders: readonly Contender[];
  readonly fairlead: Fairlead | undefined;
  readonly etcd: Etcd | undefined;
  readonly generator: Generator;
  readonly readers: CpuReaders;
  readonly run: string;
}

/** Change sets of one operation beside etcd puts of the same key and value, in interleaved turns. */
export async function writes(bench: Bench): Promise<Report> {
  const field = await takeField(bench);
  await seed(field, Math.max(...bench.options.clients));
  const blocks: Block[] = [];
  for (const variant of variants) {
    for (const clients of bench.options.clients) {
      blocks.push({ variant, clients, turns: await runBlock(bench, field, variant, clients) });
    }
  }
  return {
    ...writesTable(blocks, Object.keys(field.readers)),
    versions: {
      ...(field.fairlead && { PostgreSQL: field.fairlead.postgresVersion }),
      ...(field.etcd && { etcd: field.etcd.version }),
    },
  };
}

async function takeField(bench: Bench): Promise<Field> {
  const { systems } = bench.options;
  const fairlead = systems.includes("fairlead") ? await bench.startFairlead() : undefined;
  const etcd = systems.some((id) => id !== "fairlead") ? await bench.startEtcd() : undefined;
  const generator = bench.startGenerator();
  return {
    fairlead,
    etcd,
    generator,
    contenders: systems.map((id) => contender(id, fairlead, etcd)),
    readers: {
      ...(fairlead && { Fairlead: fairlead.cpuSeconds, PostgreSQL: fairlead.postgresCpuSeconds }),
      ...(etcd && { etcd: () => treeCpuSeconds(etcd.pid) }),
      generator: () => treeCpuSeconds(generator.pid),
    },
    run: Date.now().toString(36),
  };
}

function contender(id: SystemId, fairlead?: Fairlead, etcd?: Etcd): Contender {
  if (id === "fairlead" && fairlead !== undefined) {
    const { port, apiKey } = fairlead;
    return { id, system: fairlead, target: { kind: "fairlead", port, apiKey } };
  }
  if (etcd === undefined) throw new Error(`${id} is not running`);
  const { port } = etcd;
  if (id === "etcd-gateway") return { id, system: etcd, target: { kind: id, port } };
  const connections = id === "etcd-grpc-shared" ? "one" : "each";
  return { id, system: etcd, target: { kind: "etcd-grpc", port, connections } };
}

/** Creates every key that will be updated, in both stores. */
async function seed({ fairlead, etcd, run }: Field, clients: number): Promise<void> {
  const value = valueText(0);
  for (const addresses of addressesToSeed(clients)) {
    await fairlead?.putAll(
      addresses.map(({ app, key }) => ({
        app: appName(run, "update", app),
        environment,
        key: keyName(key),
        value,
      })),
    );
    const entries = addresses.map((address) => ({ key: etcdKey(run, "update", address), value }));
    await etcd?.putAll(entries, 1);
  }
}

/** All turns at one number of clients: a warm-up of each system, then the rounds. */
async function runBlock(bench: Bench, field: Field, variant: Variant, clients: number) {
  const check = await startCount(field);
  const turns: Turn[] = [];
  const take = async ({ id, target, system }: Contender, durationMs: number) => {
    await sleep(pauseMs);
    const job: Job = { target, variant, clients, durationMs, run: field.run };
    const [measurement, reading] = await runMetered(bench, field, job);
    check.add(system, measurement.requests);
    return { system: id, measurement, reading };
  };
  for (const each of field.contenders) await take(each, warmUpMs);
  for (let round = 0; round < bench.options.rounds; round++) {
    for (const each of field.contenders) {
      turns.push(await take(each, bench.options.seconds * 1_000));
    }
  }
  await check.finish();
  return turns;
}

async function runMetered(
  { directory }: Bench,
  { generator, readers }: Field,
  job: Job,
): Promise<[Measurement, MeterReading]> {
  const stopMeter = startMeter(readers, diskOf(directory));
  const measurement = await generator.run(job);
  return [measurement, stopMeter()];
}

/** Holds each system to its word: its revision must have grown by the writes that it acknowledged, no more, no less. */
async function startCount({ fairlead, etcd }: Field) {
  const systems: SystemUnderTest[] = [fairlead, etcd].filter((system) => system !== undefined);
  const before = await Promise.all(systems.map((system) => system.revision()));
  const acknowledged = new Map(systems.map((system) => [system, 0]));
  return {
    add: (system: SystemUnderTest, writesDone: number) =>
      acknowledged.set(system, (acknowledged.get(system) ?? 0) + writesDone),
    async finish() {
      for (const [index, system] of systems.entries()) {
        const committed = (await system.revision()) - (before[index] ?? 0) - system.revisionCost;
        const expected = acknowledged.get(system) ?? 0;
        if (committed === expected) continue;
        throw new Error(
          `${system.version}: ${expected} writes acknowledged, ${committed} committed`,
        );
      }
    },
  };
}
