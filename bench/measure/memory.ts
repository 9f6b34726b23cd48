import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 500;
const settledAfter = 6;
const atMostMs = 20_000;

/** What a process holds in memory at the moment (Linux). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kib) * 1_024;
}

/** Whether the last samples lie within a hundredth of each other. */
export function isSettled(samples: readonly number[]): boolean {
  const last = samples.slice(-settledAfter);
  return last.length === settledAfter && Math.max(...last) <= Math.min(...last) * 1.01;
}

/** The same once it does not move any more; nobody asks it to collect garbage, as nobody would. */
export async function settledBytes(pid: number): Promise<number> {
  const samples: number[] = [];
  const deadline = performance.now() + atMostMs;
  while (!isSettled(samples) && performance.now() < deadline) {
    await sleep(everyMs);
    samples.push(residentBytes(pid));
  }
  return samples.at(-1) ?? Number.NaN;
}
