import { createClient } from "redis";
import { inject } from "vitest";
import { createRemoteCache } from "../../src/edge/remote-cache.ts";
import type { LayerCache } from "../../src/layers/cache/layer-cache.ts";
import { createMemoryCache } from "../../src/layers/cache/memory-cache.ts";
import { openLayerCache } from "../../src/layers/cache/open-layer-cache.ts";
import { startEdge } from "./edge/start-edge.ts";
import { startRedis } from "./start-redis.ts";
import { startUpstashBridge } from "./upstash-bridge.ts";

/** A place that holds a shared cache, for as many processes as a test likes. */
export interface CachePlace {
  /** As another process would. */
  open(): LayerCache;
  /** Loses all that it holds; what is open stays so. */
  lose(): Promise<void>;
  stop(): Promise<void>;
}

const startMemory = async (): Promise<CachePlace> => {
  let held = createMemoryCache();
  return {
    open: () => ({
      readHeads: (layers) => held.readHeads(layers),
      moveHeads: (move) => held.moveHeads(move),
      putDocuments: (documents) => held.putDocuments(documents),
      readDocuments: (names) => held.readDocuments(names),
      sweepDocuments: (epoch, layer, isSurplus) => held.sweepDocuments(epoch, layer, isSurplus),
      removeEpoch: (epoch) => held.removeEpoch(epoch),
      close: async () => {},
    }),
    async lose() {
      held = createMemoryCache();
    },
    stop: async () => {},
  };
};

type Opening = (redisUrl: string) => Promise<{
  readonly settings: Parameters<typeof openLayerCache>[0];
  readonly close: () => Promise<void>;
}>;

const startOverRedis = (opening: Opening) => async (): Promise<CachePlace> => {
  const redis = await startRedis(inject("redisProgram"));
  const { close, settings } = await opening(redis.url);
  const opened: LayerCache[] = [];
  return {
    open() {
      const cache = openLayerCache(settings);
      if (cache === undefined) throw new Error("the settings name no cache");
      opened.push(cache);
      return cache;
    },
    async lose() {
      const client = await createClient({ url: redis.url }).connect();
      await client.flushAll();
      client.destroy();
    },
    async stop() {
      for (const cache of opened) await cache.close();
      await close();
      await redis.remove();
    },
  };
};

const startHeadAuthority = async (): Promise<CachePlace> => {
  const edge = await startEdge();
  return {
    open: () => createRemoteCache(edge.connect()),
    lose: async () => edge.lose(),
    stop: () => edge.stop(),
  };
};

/** Every adapter, each in a place of its own. */
export const cacheAdapters: Readonly<Record<string, () => Promise<CachePlace>>> = {
  memory: startMemory,
  "Redis over TCP": startOverRedis(async (layerCacheUrl) => ({
    settings: { layerCacheUrl, layerCacheToken: undefined },
    close: async () => {},
  })),
  Upstash: startOverRedis(async (redisUrl) => {
    const bridge = await startUpstashBridge(redisUrl);
    const settings = { layerCacheUrl: bridge.url, layerCacheToken: bridge.token };
    return { settings, close: () => bridge.close() };
  }),
  "the head authority of an edge": startHeadAuthority,
};
