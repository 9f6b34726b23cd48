import type { LayerCache } from "../src/layers/cache/layer-cache.ts";
import { publishLayers } from "../src/layers/cache/publish-layers.ts";
import type { Point, StateConsumer } from "../src/outbox/consumer.ts";
import { inTime } from "../src/outbox/in-time.ts";
import type { Sql } from "../src/platform/sql.ts";

interface LayersConsumerOptions {
  /** By default that of the shared cache. */
  readonly name?: string;
  /** Without one there is nothing to publish to, and only the cursor moves. */
  readonly cache: LayerCache | undefined;
  /** The kinds whose layers readers see. */
  readonly kinds: readonly string[];
}

/** How often a cache is asked whether it still holds what it was given. */
const checkEveryMs = 5_000;

/** Publishes changed layers to a shared cache, or to an edge. */
export const layersConsumer = ({
  cache,
  kinds,
  name = "layers",
}: LayersConsumerOptions): StateConsumer => {
  const traits = {
    name,
    kind: "state",
    backoff: { baseMs: 200, maxMs: 5_000 },
    // A new cache gets everything at once.
    timeoutMs: 600_000,
  } as const;
  if (cache === undefined) {
    return { ...traits, isUrgent: false, bring: async ({ newest }) => newest };
  }
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  return {
    ...traits,
    isUrgent: true,
    bring: ({ cursor, newest, signal, sql }) =>
      publishLayers({ cache, sql, kinds, signal, isAnew: cursor.epoch !== newest.epoch }),
    async isCurrent(sql, cursor) {
      const nowMs = performance.now();
      if (nowMs - checkedAtMs < checkEveryMs) return true;
      checkedAtMs = nowMs;
      return isAt(cache, sql, cursor);
    },
  };
};

const isAt = async (cache: LayerCache, sql: Sql, cursor: Point): Promise<boolean> => {
  const [heads, rows] = await Promise.all([
    cache.readHeads([]),
    inTime(sql<{ namesVersion: number }[]>`
      select catalogue_version as "namesVersion" from fairlead.deployment`),
  ]);
  const { epoch, namesVersion, revision } = heads?.point ?? {};
  return (
    epoch === cursor.epoch &&
    namesVersion === rows[0]?.namesVersion &&
    (revision ?? 0) >= cursor.revision
  );
};
