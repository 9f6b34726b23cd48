import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { processTree, readProcess, treeCpuSeconds } from "./processes.ts";

const started: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A shell that runs `script`; ready when that prints a line. */
async function startShell(script: string): Promise<number> {
  const child = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  started.push(child);
  if (child.stdout !== null) await once(child.stdout, "data");
  return child.pid ?? 0;
}

test("a tree leaves out what runs below the excepted command", async () => {
  const pid = await startShell("sleep 30 & echo ready; read -r _; kill $!");
  const commands = (except?: string) => processTree(pid, except).map((stat) => stat.command);
  // A moment after it has begun, the second one is still a copy of the first.
  await expect.poll(() => commands()).toEqual(["sh", "sleep"]);
  expect(commands("sleep")).toEqual(["sh"]);
  for (const stat of processTree(pid)) if (stat.command === "sleep") process.kill(stat.pid);
});

test("counts the time of children that have ended", async () => {
  const pid = await startShell(
    "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; echo ready; read -r _",
  );
  expect(processTree(pid)).toHaveLength(1);
  expect(treeCpuSeconds(pid)).toBeGreaterThan(0.05);
});

test("a process that has ended is absent", () => {
  expect(readProcess(2 ** 22 + 1)).toBeUndefined();
  expect(processTree(2 ** 22 + 1)).toEqual([]);
});
