/** What a scenario runs in: options, a directory that goes away afterwards, and servers that are stopped with it. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Generator, startGenerator } from "./load/start-generator.ts";
import { isInMemory } from "./measure/disk.ts";
import type { Options } from "./options.ts";
import { type Etcd, startEtcd } from "./peers/etcd.ts";
import { type Fairlead, type FairleadProcess, startFairlead } from "./peers/fairlead.ts";
import { type Redis, startRedis } from "./peers/redis.ts";
import { startUnleash, type Unleash } from "./peers/unleash.ts";
import type { Report } from "./report.ts";

export interface Bench {
  readonly options: Options;
  readonly directory: string;
  readonly startFairlead: (process?: FairleadProcess) => Promise<Fairlead>;
  readonly startEtcd: () => Promise<Etcd>;
  /** In a database of its own beside the one that `databaseUrl` names. */
  readonly startUnleash: (databaseUrl: string) => Promise<Unleash>;
  readonly startRedis: () => Promise<Redis>;
  readonly startGenerator: () => Generator;
  /** Stops what was started otherwise; the last comes first. */
  readonly onClose: (stop: () => Promise<void>) => void;
  readonly close: () => Promise<void>;
}

export type Scenario = (bench: Bench) => Promise<Report>;

export function openBench(options: Options): Bench {
  const directory = mkdtempSync(join(options.data, "fairlead-bench-"));
  // An embedded PostgreSQL under root runs as another user, who must be able to reach its directory.
  chmodSync(directory, 0o711);
  const stops: (() => Promise<void>)[] = [];
  const serverOptions = { directory, cores: options.cores?.servers };
  const track = <Started extends { stop(): Promise<void> }>(started: Started): Started => {
    stops.push(() => started.stop());
    return started;
  };
  const requireDisk = () => {
    if (!isInMemory(directory)) return;
    throw new Error(`${options.data} is in memory, where a sync is free: name a disk with --data`);
  };
  return {
    options,
    directory,
    async startFairlead(process) {
      requireDisk();
      return track(await startFairlead({ ...serverOptions, entry: options.entry, process }));
    },
    async startEtcd() {
      requireDisk();
      return track(await startEtcd(serverOptions));
    },
    startUnleash: async (databaseUrl) =>
      track(await startUnleash({ ...serverOptions, databaseUrl })),
    startRedis: async () => track(await startRedis(serverOptions)),
    startGenerator: () => track(startGenerator({ directory, cores: options.cores?.generator })),
    onClose: (stop) => stops.push(stop),
    async close() {
      for (const stop of stops.splice(0).toReversed()) await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
