import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LayerCache } from "../../../src/layers/cache/layer-cache.ts";
import { openLayerCache } from "../../../src/layers/cache/open-layer-cache.ts";
import { freePort } from "../free-port.ts";
import type { RedisProgram } from "../install-redis.ts";
import { type RestartablePostgres, startRestartablePostgres } from "../restartable-postgres.ts";
import { startRedis, type TestRedis } from "../start-redis.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { eventually } from "./eventually.ts";
import { type Member, startMember } from "./member.ts";
import { adminKey, authorization, maxStalenessMs } from "./shared.ts";
import type { WorkerBug } from "./worker.ts";

/** A whole deployment: two API processes and two workers, each second one behind a proxy. */
export interface World {
  readonly urls: readonly string[];
  readonly apis: readonly Member[];
  readonly workers: readonly Member[];
  readonly postgres: RestartablePostgres;
  readonly redis: TestRedis;
  /** Between PostgreSQL and the second API process and worker. */
  readonly proxy: TcpProxy;
  readonly cache: LayerCache;
  /** Where consumers write their effects down. */
  readonly folder: string;
  /** Waits until every API process is ready and reaches PostgreSQL. */
  recovers(): Promise<void>;
  /** Waits until every API process shows a revision. */
  reaches(revision: number): Promise<void>;
  close(): Promise<void>;
}

interface WorldOptions {
  readonly redisProgram: RedisProgram;
  readonly bug?: WorkerBug | undefined;
}

const recoveryTimeoutMs = 60_000;

export const startWorld = async ({ bug, redisProgram }: WorldOptions): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-history-"));
  const postgres = await startRestartablePostgres();
  const redis = await startRedis(redisProgram);
  const address = new URL(postgres.url);
  const proxy = await startTcpProxy(Number(address.port));
  address.port = String(proxy.port);
  const databases = [postgres.url, address.href];
  const ports = [await freePort(), await freePort()];
  const common = { HOME: folder, LAYER_CACHE_URL: redis.url, LOG_LEVEL: "warn" };
  const apis = ports.map((port, index) =>
    startMember("src/entry/node.ts", {
      ...common,
      PORT: String(port),
      DATABASE_URL: databases[index] ?? "",
      DATABASE_POOL_SIZE: "8",
      MAX_STALENESS_MS: String(maxStalenessMs),
      DATA_DIR: join(folder, `api-${index}`),
      BOOTSTRAP_ADMIN_KEY: adminKey,
    }),
  );
  await mkdir(join(folder, "effects"));
  const workers = databases.map((url) =>
    startMember("test/helpers/history/worker.ts", {
      ...common,
      DATABASE_URL: url,
      EFFECTS_FOLDER: join(folder, "effects"),
      ...(bug === undefined ? {} : { BUG: bug }),
    }),
  );
  const cache = openLayerCache({ layerCacheUrl: redis.url, layerCacheToken: undefined });
  if (cache === undefined) throw new Error("there is no cache");
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const answers = async (path: string): Promise<boolean> => {
    const asked = urls.map((url) => fetch(url + path, { headers: authorization }));
    const replies = await Promise.all(asked);
    await Promise.all(replies.map((reply) => reply.text()));
    return replies.every(({ ok }) => ok);
  };
  const untilAnswered = async (path: string): Promise<void> => {
    if (await eventually(() => answers(path), recoveryTimeoutMs)) return;
    const outputs = [...apis, ...workers].map((member) => member.output());
    throw new Error(`${path} is not answered any more\n${outputs.join("\n")}`);
  };
  return {
    urls,
    apis,
    workers,
    postgres,
    redis,
    proxy,
    cache,
    folder: join(folder, "effects"),
    async recovers() {
      await untilAnswered("/readyz");
      await untilAnswered("/v1/config?consistency=strong");
    },
    reaches: (revision) => untilAnswered(`/v1/config?minRevision=${revision}`),
    async close() {
      await Promise.all([...apis, ...workers].map((member) => member.kill()));
      await cache.close();
      await proxy.close();
      await redis.remove();
      await postgres.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
