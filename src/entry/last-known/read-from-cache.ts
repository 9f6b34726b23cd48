import type { LayerCache } from "../../layers/cache/layer-cache.ts";
import { openLayerCache } from "../../layers/cache/open-layer-cache.ts";
import { readCachedLayers } from "../../layers/cache/read-cached-layers.ts";
import type { KnownLayers } from "../../layers/memory/layer-reader.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";
import { describeError, type Logger } from "../../platform/log.ts";
import type { Settings } from "../../platform/settings.ts";
import { withDeadline } from "../../platform/with-deadline.ts";

const timeoutMs = 3_000;

/** Layers from the shared cache that the settings name, where it is not behind what is known. */
export const readFromSharedCache = async (
  settings: Settings,
  used: readonly LayerName[],
  known: KnownLayers,
  log: Logger,
): Promise<KnownLayers> => {
  const cache = openLayerCache(settings);
  if (cache === undefined) return known;
  try {
    return await withDeadline(readFromCache(cache, used, known), timeoutMs);
  } catch (error) {
    log.warn("the shared cache cannot be read", describeError(error));
    return known;
  } finally {
    await cache.close().catch(() => {});
  }
};

/** What a cache holds is at most as old as what is known, where it is not behind that. */
export const readFromCache = async (
  cache: LayerCache,
  used: readonly LayerName[],
  known: KnownLayers,
): Promise<KnownLayers> => {
  const cached = await readCachedLayers(cache, used);
  if (cached === undefined) return known;
  const { layers, names, point } = cached;
  const { epoch, namesVersion: version, revision } = point;
  if (epoch !== known.epoch || revision < known.revision) return known;
  const apps = new Set(names.apps);
  const environments = new Set(names.environments);
  return { ...known, revision, names: { version, apps, environments }, layers };
};
