import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Bench } from "../bench.ts";

const pin = (cores: string): void => {
  const [program, ...args] = ["taskset", "-a", "-p", "-c", cores, String(process.pid)];
  execFileSync(program, args, { stdio: "ignore" });
};

/** Keeps the bench itself off the servers' cores, where they are pinned: for a scenario in which it is a client. */
export function pinBench({ onClose, options }: Bench): void {
  if (options.cores === undefined) return;
  const all = `0-${availableParallelism() - 1}`;
  pin(options.cores.generator);
  onClose(async () => pin(all));
}
