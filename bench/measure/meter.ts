import { flushCount } from "./disk.ts";
import { machineCpuSeconds } from "./processes.ts";

/** CPU seconds so far of each part of the system, by name. */
export type CpuReaders = Readonly<Record<string, () => number>>;

export interface MeterReading {
  /** Cores in use by each part over the interval, and by everything that is none of them. */
  readonly cores: Readonly<Record<string, number>>;
  readonly elsewhere: number;
  readonly flushesPerSecond: number | undefined;
}

/** Starts to meter; the function that it returns ends the interval. */
export function startMeter(readers: CpuReaders, disk: string | undefined): () => MeterReading {
  const readAll = () => Object.entries(readers).map(([name, read]) => [name, read()] as const);
  const started = performance.now();
  const [parts, machine, flushes] = [new Map(readAll()), machineCpuSeconds(), flushCount(disk)];
  return () => {
    const seconds = (performance.now() - started) / 1_000;
    const used = readAll().map(
      ([name, now]) => [name, (now - (parts.get(name) ?? 0)) / seconds] as const,
    );
    const known = used.reduce((sum, [, cores]) => sum + cores, 0);
    const flushesNow = flushCount(disk);
    return {
      cores: Object.fromEntries(used),
      elsewhere: Math.max((machineCpuSeconds() - machine) / seconds - known, 0),
      flushesPerSecond:
        flushes === undefined || flushesNow === undefined
          ? undefined
          : (flushesNow - flushes) / seconds,
    };
  };
}
