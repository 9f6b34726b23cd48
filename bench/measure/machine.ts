import { availableParallelism, cpus, totalmem } from "node:os";
import { diskOf, syncMicroseconds } from "./disk.ts";

/** What a reader needs to judge the figures by, as items of a list. Call it before the load, which the disk feels after. */
export function describeMachine(directory: string): string[] {
  const model = cpus()[0]?.model.trim() ?? "unknown";
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  const syncUs = syncMicroseconds(directory).toFixed(0);
  return [
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores of ${model}, ${memory} GiB`,
    `disk ${diskOf(directory) ?? "unknown"}: 4 KiB appended and synced in ${syncUs} µs at the median`,
  ];
}

/** Node's version and those of what was measured. */
export const describeVersions = (versions: Readonly<Record<string, string>>): string =>
  [
    `Node ${process.versions.node}`,
    ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
  ].join(", ");
