import { once } from "node:events";
import { join } from "node:path";
import { startChild } from "../peers/child.ts";
import type { StartOptions } from "../peers/system.ts";
import type { Job, JobResult, Measurement } from "./job.ts";

export interface Generator {
  readonly pid: number;
  /** Runs one job. Throws when a request fails, since what is left is then no measurement. */
  readonly run: (job: Job) => Promise<Measurement>;
  readonly stop: () => Promise<void>;
}

export function startGenerator(options: StartOptions): Generator {
  const child = startChild({
    command: [process.execPath, join(import.meta.dirname, "generator.ts")],
    log: join(options.directory, "generator.log"),
    cores: options.cores,
    channel: true,
  });
  const ended = once(child.process, "exit").then(() => {
    throw new Error(`the load generator ended:\n${child.tail()}`);
  });
  ended.catch(() => undefined); // it also ends when it is stopped
  return {
    pid: child.pid,
    stop: child.stop,
    async run(job) {
      const answer = new Promise<JobResult>((resolve) => {
        child.process.once("message", (result: JobResult) => resolve(result));
      });
      child.process.send(job);
      const result = await Promise.race([answer, ended]);
      if ("failure" in result) throw new Error(`${job.target.kind}: ${result.failure}`);
      return result.measurement;
    },
  };
}
