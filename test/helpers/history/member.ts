import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A process of a deployment, which is started anew whenever it ends by itself. */
export interface Member {
  /** Ends it at once; it stays away until `start`. */
  kill(): Promise<void>;
  start(): void;
  /** Has it stand still, or go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** The last that it has written. */
  output(): string;
}

const root = join(import.meta.dirname, "../../..");
const restartMs = 200;
const keptOutput = 2_000;

/** Starts a script of this repository. */
export const startMember = (script: string, env: Readonly<Record<string, string>>): Member => {
  let output = "";
  let child: ChildProcess | undefined;
  let isWanted = false;
  const leaveNobody = (): void => void child?.kill("SIGKILL");

  const launch = (): void => {
    const launched = spawn(process.execPath, [script], {
      cwd: root,
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = launched;
    for (const stream of [launched.stdout, launched.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-keptOutput);
      });
    }
    launched.once("exit", () => {
      if (child === launched) child = undefined;
      void relaunch();
    });
  };
  const relaunch = async (): Promise<void> => {
    await sleep(restartMs);
    if (isWanted && child === undefined) launch();
  };
  const start = (): void => {
    if (!isWanted) process.once("exit", leaveNobody);
    isWanted = true;
    if (child === undefined) launch();
  };

  start();
  return {
    async kill() {
      isWanted = false;
      process.off("exit", leaveNobody);
      if (child === undefined) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    start,
    signal: (name) => void child?.kill(name),
    output: () => output,
  };
};
