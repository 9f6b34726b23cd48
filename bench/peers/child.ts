/** Child processes of the bench: started on free loopback ports, awaited until ready, stopped with all below them. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree, readProcess } from "../measure/processes.ts";

const startTimeoutMs = 120_000;
const stopTimeoutMs = 20_000;
/** How finely a start is timed. */
const probeEveryMs = 10;

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Its last output, for an error message. */
  readonly tail: () => string;
  readonly stop: () => Promise<void>;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Cores that it and its children may use, as taskset writes them (`0`, `0-2`). */
  readonly cores?: string | undefined;
  /** Opens a channel for messages: the child is a Node process. */
  readonly channel?: boolean;
}

export function startChild(options: ChildOptions): Child {
  const pinned = options.cores === undefined ? [] : ["taskset", "-c", options.cores];
  const [command = "", ...args] = [...pinned, ...options.command];
  const log = openSync(options.log, "a");
  const stdio: StdioOptions = ["ignore", log, log, ...(options.channel ? (["ipc"] as const) : [])];
  const child = spawn(command, args, { stdio, env: { ...process.env, ...options.env } });
  const { pid } = child;
  child.on("error", () => undefined); // seen below, as a missing pid
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  return {
    pid,
    process: child,
    tail: () => readFileSync(options.log, "utf8").slice(-2_000),
    stop: () => stopTree(child, pid),
  };
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** Asks the process to stop, and kills by id what is left of its tree when it does not. */
async function stopTree(child: ChildProcess, pid: number): Promise<void> {
  if (hasEnded(child)) return;
  const tree = processTree(pid).map((stat) => stat.pid);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await Promise.race([ended, sleep(stopTimeoutMs, undefined, { ref: false })]);
  for (const left of tree) {
    if (readProcess(left) !== undefined) process.kill(left, "SIGKILL");
  }
}

/** Calls `probe` until it answers true. Stops the child and fails when it ends before, or time runs out. */
export async function untilReady(
  child: Child,
  name: string,
  probe: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!(await probe().catch(() => false))) {
    const ended = hasEnded(child.process);
    if (ended || Date.now() > deadline) {
      await child.stop();
      throw new Error(
        `${name} ${ended ? "ended at its start" : "did not become ready"}:\n${child.tail()}`,
      );
    }
    await sleep(probeEveryMs);
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
