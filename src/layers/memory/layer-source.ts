import { replacePool, type Sql } from "../../platform/sql.ts";
import { withDeadline } from "../../platform/with-deadline.ts";
import type { LoadedLayer, MemoryPoint } from "./layer-memory.ts";
import { loadLayers } from "./load-layers.ts";
import type { LayerName } from "./memory-layer.ts";
import { type Committed, readCommitted } from "./read-committed.ts";

/** Where memory gets its layers from, and what is committed to them. */
export interface LayerSource {
  /** What was committed after a point; nothing, where the source has not come as far as that. */
  committed(point: MemoryPoint, namesVersion: number, timeoutMs: number): Promise<Committed>;
  /** Layers of one moment, which is not before the revision that memory is at. */
  layers(
    names: readonly LayerName[],
    atLeast: MemoryPoint,
    timeoutMs: number,
  ): Promise<readonly LoadedLayer[]>;
}

/** PostgreSQL itself: there is nothing newer than what it says. */
export const sqlSource = (sql: Sql): LayerSource => {
  const inTime = <Result>(query: Promise<Result>, timeoutMs: number): Promise<Result> =>
    withDeadline(query, timeoutMs, () => replacePool(sql));
  return {
    committed: (point, namesVersion, timeoutMs) =>
      inTime(readCommitted(sql, point, namesVersion), timeoutMs),
    layers: (names, _atLeast, timeoutMs) => inTime(loadLayers(sql, names), timeoutMs),
  };
};
