import type { LayerCache } from "./layer-cache.ts";
import { createRedisCache } from "./redis-cache.ts";
import { connectRedis } from "./redis-over-tcp.ts";
import { connectUpstash } from "./upstash.ts";

interface CacheSettings {
  readonly layerCacheUrl: string | undefined;
  readonly layerCacheToken: string | undefined;
}

/** The shared cache that the settings name: Redis by `redis:` and `rediss:`, else Upstash; or none. */
export const openLayerCache = ({
  layerCacheToken: token = "",
  layerCacheUrl: url,
}: CacheSettings): LayerCache | undefined => {
  if (url === undefined) return undefined;
  const isRedis = url.startsWith("redis:") || url.startsWith("rediss:");
  return createRedisCache(isRedis ? connectRedis(url) : connectUpstash({ url, token }));
};
