import { Problem } from "../errors.ts";
import { type ReadableCache, readCachedLayers } from "../layers/cache/read-cached-layers.ts";
import type { MemoryPoint } from "../layers/memory/layer-memory.ts";
import type { LayerSource } from "../layers/memory/layer-source.ts";
import type { Committed } from "../layers/memory/read-committed.ts";
import { withDeadline } from "../platform/with-deadline.ts";

/** What a head authority tells of what was committed; undefined before anything was published to it. */
export interface CommittedReader {
  committed(point: MemoryPoint, namesVersion: number): Promise<Committed | undefined>;
}

interface EdgeParts {
  readonly authority: CommittedReader;
  readonly documents: ReadableCache;
  /** PostgreSQL, where the edge is connected to it. */
  readonly database: LayerSource | undefined;
}

/**
 * Layers as an edge has them: published to its head authority, their documents in a cache nearby. After a
 * restore, memory or the authority may have heard of it first; PostgreSQL knows, where it can be asked.
 */
export const edgeSource = ({ authority, database, documents }: EdgeParts): LayerSource => ({
  async committed(point, namesVersion, timeoutMs) {
    const told = await withDeadline(authority.committed(point, namesVersion), timeoutMs);
    if (told === undefined) throw nothingPublished();
    const { epoch, revision } = told.newest;
    if (point.epoch !== "" && epoch !== point.epoch && database !== undefined) {
      return database.committed(point, namesVersion, timeoutMs);
    }
    const isBehind = epoch === point.epoch && revision < point.revision;
    // Who has read from PostgreSQL knows more than was published; that takes nothing away.
    return isBehind
      ? { ...told, newest: point, run: { epoch, after: point.revision, revisions: [] } }
      : told;
  },
  async layers(names, atLeast, timeoutMs) {
    const set = await withDeadline(readCachedLayers(documents, names), timeoutMs);
    const isSameHistory = set?.point.epoch === atLeast.epoch;
    const isNewEnough = isSameHistory
      ? set.point.revision >= atLeast.revision
      : database === undefined;
    if (set !== undefined && isNewEnough) return set.layers;
    if (database !== undefined) return database.layers(names, atLeast, timeoutMs);
    throw nothingPublished();
  },
});

const nothingPublished = (): Problem =>
  new Problem("UNAVAILABLE", "What this edge needs has not been published to it yet.", {
    headers: { "retry-after": "1" },
  });
