import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

export interface ProcessOptions {
  readonly command: readonly [string, ...string[]];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 when the process is ready. */
  readonly readyUrl: string;
  readonly startTimeoutMs?: number;
}

export interface StartedProcess {
  /** What it has written so far, for a report of a failure. */
  output(): string;
  /** Ends the process and everything that it started. */
  stop(): Promise<void>;
  /** The same, without a chance to say goodbye. */
  kill(): Promise<void>;
}

const stopTimeoutMs = 5_000;
const pollMs = 25;

/**
 * Starts a process in a group of its own, with no other environment than `env`, and waits until it is
 * ready.
 *
 * @throws Error with the process's output, if it ends or is not ready in time
 */
export async function startProcess(options: ProcessOptions): Promise<StartedProcess> {
  const [file, ...args] = options.command;
  const child = spawn(file, args, {
    cwd: options.folder,
    env: options.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const leaveNobody = (): void => void signalGroup(child, "SIGKILL");
  process.once("exit", leaveNobody);
  const stop = async (): Promise<void> => {
    await stopGroup(child);
    process.off("exit", leaveNobody);
  };
  try {
    await becomesReady(child, options);
  } catch (error) {
    await stop();
    throw new Error(`${options.command.join(" ")}: ${String(error)}\n${output}`, { cause: error });
  }
  const kill = async (): Promise<void> => {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    leaveNobody();
    await ended;
    process.off("exit", leaveNobody);
  };
  return { output: () => output, stop, kill };
}

const becomesReady = async (
  child: ChildProcess,
  { readyUrl, startTimeoutMs = 30_000 }: ProcessOptions,
): Promise<void> => {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`ended with code ${code} before it was ready`);
  });
  const ready = async (): Promise<void> => {
    const deadlineMs = Date.now() + startTimeoutMs;
    while (!(await answers(readyUrl))) {
      if (Date.now() > deadlineMs) throw new Error(`not ready after ${startTimeoutMs} ms`);
      await wait(pollMs);
    }
  };
  await Promise.race([ended, ready()]);
  ended.catch(() => {});
};

const answers = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
};

/** False where nobody of the group is left. */
const signalGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean => {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
};

const stopGroup = async (child: ChildProcess): Promise<void> => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    signalGroup(child, signal);
    const deadlineMs = Date.now() + stopTimeoutMs;
    while (signalGroup(child, 0)) {
      if (Date.now() > deadlineMs) break;
      await wait(pollMs);
    }
  }
};
