import type { LayerCache } from "../../src/layers/cache/layer-cache.ts";
import { openLayerCache } from "../../src/layers/cache/open-layer-cache.ts";
import type { Bench } from "../bench.ts";
import { exchange } from "../load/exchange.ts";
import { readAll } from "../load/read-all.ts";
import type { Fairlead, PutOperation } from "../peers/fairlead.ts";
import type { Redis } from "../peers/redis.ts";

const added = ["testing", "sandbox"];
const environments = ["development", "staging", "production", ...added];
const globalKeys = 100;

/** Apps in five environments, with all that a change passes on its way. */
export interface Deployment {
  readonly apps: number;
  /** Commits, and publishes to the shared cache. */
  readonly writer: Fairlead;
  /** Another process on the same database, with all layers in memory. */
  readonly reader: Fairlead;
  readonly redis: Redis;
  readonly cache: LayerCache;
  /** Commits one change of the global layer; answers its revision. */
  readonly change: () => Promise<number>;
  /** The path of a read of what is changed, at another position each time. */
  readonly nextRead: () => string;
}

/** The database is its own, so that all of them can take turns. */
export async function startDeployment(bench: Bench, apps: number): Promise<Deployment> {
  const redis = await bench.startRedis();
  const env = { LAYER_CACHE_URL: redis.url };
  const writer = await bench.startFairlead({ id: `reach-${apps}`, databaseUrl: "", env });
  const { apiKey, databaseUrl, port } = writer;
  await seed(writer, apps);
  const id = `reach-${apps}-reader`;
  const reader = await bench.startFairlead({ id, databaseUrl, apiKey, env });
  const positions = positionsOf(apps);
  await readAll(
    reader,
    positions.map((position) => `/v1/config?${position}`),
  );
  const cache = openLayerCache({ layerCacheUrl: redis.url, layerCacheToken: undefined });
  if (cache === undefined) throw new Error("there is no cache");
  bench.onClose(() => cache.close());
  let reads = 0;
  return {
    apps,
    writer,
    reader,
    redis,
    cache,
    async change() {
      const put = { op: "put", kind: "config", key: globalKey(0) };
      const operations = [{ ...put, value: valueOf(String(process.hrtime.bigint())) }];
      const body = JSON.stringify({ message: "", allowLargeChange: true, operations });
      const post = { port, method: "POST", path: "/v1/changes", apiKey, body } as const;
      const { revision } = JSON.parse((await exchange(post)).text) as { revision: number };
      return revision;
    },
    nextRead() {
      // Prime to all numbers of positions, so that every one has its turn.
      reads += 7;
      return `/v1/config/${globalKey(0)}?${positions[reads % positions.length]}`;
    },
  };
}

const globalKey = (index: number): string => `service.global.${index}`;
const valueOf = (text: string): string => text.padEnd(100, "x");
const appOf = (index: number): string => `app-${index}`;

const positionsOf = (apps: number): string[] =>
  Array.from({ length: apps }, (_, app) =>
    environments.map((environment) => `app=${appOf(app)}&environment=${environment}`),
  ).flat();

/** Every layer that a position can have has something. */
async function seed(fairlead: Fairlead, apps: number): Promise<void> {
  const { apiKey, port } = fairlead;
  for (const [index, name] of added.entries()) {
    const body = JSON.stringify({ name, rank: 100 + index, protected: false });
    await exchange({ port, method: "POST", path: "/v1/environments", apiKey, body });
  }
  const value = valueOf("");
  const puts: PutOperation[] = Array.from({ length: globalKeys }, (_, index) => ({
    key: globalKey(index),
    value,
  }));
  for (const environment of environments) puts.push({ environment, key: "service.own", value });
  for (let app = 0; app < apps; app++) {
    puts.push({ app: appOf(app), key: "service.app", value });
    for (const environment of environments) {
      puts.push({ app: appOf(app), environment, key: "service.position", value });
    }
  }
  await fairlead.putAll(puts);
}
