/** CPU time of process trees, from Linux's /proc. */
import { readdirSync, readFileSync } from "node:fs";

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** User and system time of the process and of its children that have ended. */
  readonly cpuSeconds: number;
}

/** Linux reports CPU time in hundredths of a second, whatever the kernel's own tick. */
const ticksPerSecond = 100;

/** One process, or undefined when it has ended. The command stands in parentheses and may hold any character. */
export function readProcess(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const commandEnd = text.lastIndexOf(")");
  const fields = text.slice(commandEnd + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]); // as numbered in proc(5)
  return {
    pid,
    parent: field(4),
    command: text.slice(text.indexOf("(") + 1, commandEnd),
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / ticksPerSecond,
  };
}

function childrenByParent(): Map<number, ProcessStat[]> {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const processes = pids
    .map((name) => readProcess(Number(name)))
    .filter((stat) => stat !== undefined);
  return Map.groupBy(processes, (stat) => stat.parent);
}

/** A process and all below it, without the trees under a process of the command `except`. */
export function processTree(root: number, except?: string): ProcessStat[] {
  const children = childrenByParent();
  const tree: ProcessStat[] = [];
  const visit = (stat: ProcessStat | undefined) => {
    if (stat === undefined || stat.command === except) return;
    tree.push(stat);
    for (const child of children.get(stat.pid) ?? []) visit(child);
  };
  visit(readProcess(root));
  return tree;
}

/** CPU seconds so far; only the difference of two readings means something. */
export const treeCpuSeconds = (root: number, except?: string): number =>
  processTree(root, except).reduce((sum, stat) => sum + stat.cpuSeconds, 0);

/** CPU seconds that were not idle so far, over all cores, with what a hypervisor took away. */
export function machineCpuSeconds(): number {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/ +/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}
