import { availableParallelism, cpus, totalmem } from "node:os";
import { diskOf, syncMicroseconds } from "./disk.ts";

/** What a reader needs to judge the figures by, as lines of a list. */
export function describeMachine(directory: string, versions: Readonly<Record<string, string>>) {
  const model = cpus()[0]?.model.trim() ?? "unknown";
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores of ${model}, ${memory} GiB`,
    `- ${[`Node ${process.versions.node}`, ...software].join(", ")}`,
    `- disk ${diskOf(directory) ?? "unknown"}: 4 KiB appended and synced in ${syncMicroseconds(directory).toFixed(0)} µs at the median`,
  ].join("\n");
}
