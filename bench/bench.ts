/** What a scenario runs in: options, a directory that goes away afterwards, and servers that are stopped with it. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Generator, startGenerator } from "./load/start-generator.ts";
import { isInMemory } from "./measure/disk.ts";
import type { Options } from "./options.ts";
import { type Etcd, startEtcd } from "./peers/etcd.ts";
import { type Fairlead, type SecondProcess, startFairlead } from "./peers/fairlead.ts";
import type { Report } from "./report.ts";

export interface Bench {
  readonly options: Options;
  readonly directory: string;
  /** Another process on the same database, where one is named. */
  readonly startFairlead: (second?: SecondProcess) => Promise<Fairlead>;
  readonly startEtcd: () => Promise<Etcd>;
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
    async startFairlead(second) {
      requireDisk();
      return track(await startFairlead({ ...serverOptions, entry: options.entry, second }));
    },
    async startEtcd() {
      requireDisk();
      return track(await startEtcd(serverOptions));
    },
    startGenerator: () => track(startGenerator({ directory, cores: options.cores?.generator })),
    onClose: (stop) => stops.push(stop),
    async close() {
      for (const stop of stops.splice(0).toReversed()) await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
