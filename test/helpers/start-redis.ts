import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { RedisProgram } from "./install-redis.ts";

/** A Redis of a caller's own, that keeps nothing when it stops. */
export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
  /** Starts it again at the same address, empty. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

export const startRedis = async (program: RedisProgram): Promise<TestRedis> => {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-redis-"));
  const port = await freePort();
  let server = await launch(program, folder, port);
  const leaveNobody = (): void => void server.kill("SIGKILL");
  process.once("exit", leaveNobody);
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    stop,
    async start() {
      server = await launch(program, folder, port);
    },
    async remove() {
      await stop();
      process.off("exit", leaveNobody);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const launch = async (
  { command, libraries }: RedisProgram,
  folder: string,
  port: number,
): Promise<ChildProcess> => {
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const server = spawn(command, [...settings, "--appendonly", "no"], {
    env: { ...process.env, ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const { promise, reject, resolve } = Promise.withResolvers<void>();
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes("Ready to accept connections")) resolve();
    });
  }
  server.once("exit", (code) => reject(new Error(`redis-server ended with ${code}\n${output}`)));
  await promise;
  return server;
};
