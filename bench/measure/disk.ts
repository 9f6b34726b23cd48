/** The disk under a directory: what it is, how fast it syncs, and how often it was asked to (Linux). */
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { median } from "./statistics.ts";

const tmpfsMagic = 0x01021994;

/** True where an fsync is free, so that durable writes cannot be measured. */
export const isInMemory = (directory: string): boolean => statfsSync(directory).type === tmpfsMagic;

/** The whole disk's name in /sys and /proc/diskstats, such as `vda`; undefined under overlays and the like. */
export function diskOf(directory: string): string | undefined {
  const device = statSync(directory).dev;
  const [major, minor] = [(device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)];
  try {
    const path = readlinkSync(`/sys/dev/block/${major}:${minor}`);
    const isPartition = readFileSync(`/sys/dev/block/${major}:${minor}/uevent`, "utf8").includes(
      "DEVTYPE=partition",
    );
    return basename(isPartition ? dirname(path) : path);
  } catch {
    return undefined;
  }
}

/** Cache flushes that the disk has completed; undefined where the kernel does not count them. */
export function flushCount(disk: string | undefined): number | undefined {
  const line = readFileSync("/proc/diskstats", "utf8")
    .split("\n")
    .find((text) => text.trim().split(/ +/)[2] === disk);
  const flushes = line?.trim().split(/ +/)[18]; // since Linux 5.5
  return flushes === undefined ? undefined : Number(flushes);
}

/** Microseconds to append 4 KiB to a file and make it durable: the floor under every commit. */
export function syncMicroseconds(directory: string): number {
  const path = join(directory, "sync-probe");
  const file = openSync(path, "w");
  const block = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: 200 }, () => {
    const started = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    return (performance.now() - started) * 1_000;
  });
  closeSync(file);
  unlinkSync(path);
  return median(times);
}
