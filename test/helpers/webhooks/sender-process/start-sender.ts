import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { SenderSettings } from "./run.ts";

export interface SenderProcess {
  /** Waits until it stands still where it was told to. */
  stands(): Promise<void>;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export const startSender = (
  databaseUrl: string,
  hold: SenderSettings["HOLD"] = "",
): SenderProcess => {
  const settings: SenderSettings = { DATABASE_URL: databaseUrl, HOLD: hold };
  const child: ChildProcess = fork(join(import.meta.dirname, "run.ts"), {
    env: { ...settings },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
  });
  const ended = once(child, "exit");
  const stood = once(child, "message");
  return {
    async stands() {
      const gone = ended.then(() => {
        throw new Error("the sender has ended");
      });
      await Promise.race([stood, gone]);
    },
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
};
