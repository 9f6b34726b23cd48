import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import type { EffectMessage, WorkerSettings } from "./run.ts";

/** A worker process under test. */
export interface WorkerProcess {
  readonly pid: number;
  /** What it has told so far. */
  readonly told: readonly EffectMessage[];
  /** Waits until it tells of an effect on this revision or a later one; fails when it has ended. */
  reaches(consumer: string, at: EffectMessage["at"], revision: number): Promise<void>;
  /** Waits until it runs. */
  starts(): Promise<void>;
  /** Lets go on what stands still. */
  go(): void;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export const startWorker = (
  settings: Omit<WorkerSettings, "HOLD"> & { HOLD?: string },
): WorkerProcess => {
  const child = fork(join(import.meta.dirname, "run.ts"), {
    env: { ...settings, HOLD: settings.HOLD ?? "" },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [],
  });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const told: EffectMessage[] = [];
  const news = new EventEmitter();
  let hasEnded = false;
  child.on("message", (message) => {
    told.push(message as EffectMessage);
    news.emit("news");
  });
  child.on("exit", () => {
    hasEnded = true;
    news.emit("news");
  });
  const leaveNobody = (): void => void child.kill("SIGKILL");
  process.once("exit", leaveNobody);
  const reaches: WorkerProcess["reaches"] = async (consumer, at, revision) => {
    const isTold = (one: EffectMessage): boolean =>
      one.consumer === consumer && one.at === at && one.revision >= revision;
    while (!told.some(isTold)) {
      if (hasEnded) throw new Error(`the worker has ended\n${output}`);
      await once(news, "news");
    }
  };
  return {
    pid: child.pid ?? 0,
    told,
    reaches,
    starts: () => reaches("all", "after", 0),
    go: () => void child.send("go"),
    signal: (name) => void child.kill(name),
    async kill() {
      process.off("exit", leaveNobody);
      if (hasEnded) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
};
