import { join } from "node:path";
import { createClient } from "redis";
import { installRedis } from "../../test/helpers/install-redis.ts";
import { treeCpuSeconds } from "../measure/processes.ts";
import { freePorts, startChild, untilReady } from "./child.ts";
import type { StartOptions } from "./system.ts";

export interface Redis {
  readonly url: string;
  readonly version: string;
  readonly cpuSeconds: () => number;
  /** What clients have sent to it so far. */
  readonly receivedBytes: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** A Redis that keeps nothing on disk. */
export async function startRedis(options: StartOptions): Promise<Redis> {
  const { command, libraries } = installRedis();
  const [port = 0] = await freePorts(1);
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", ""];
  const child = startChild({
    command: [command, ...settings, "--appendonly", "no", "--dir", options.directory],
    log: join(options.directory, "redis.log"),
    cores: options.cores,
    env: libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries },
  });
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url }).on("error", () => undefined);
  await untilReady(child, "Redis", async () => {
    if (!client.isOpen) await client.connect();
    return (await client.ping()) === "PONG";
  });
  const fact = async (section: string, name: string): Promise<string> =>
    new RegExp(`^${name}:(\\S+)`, "m").exec(await client.info(section))?.[1] ?? "";
  return {
    url,
    version: await fact("server", "redis_version"),
    cpuSeconds: () => treeCpuSeconds(child.pid),
    receivedBytes: async () => Number(await fact("stats", "total_net_input_bytes")),
    async stop() {
      client.destroy();
      await child.stop();
    },
  };
}
