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

/** Layers as an edge has them: published to its head authority, their documents in a cache nearby. */
export const edgeSource = ({ authority, database, documents }: EdgeParts): LayerSource => ({
  async committed(point, namesVersion, timeoutMs) {
    const told = await withDeadline(authority.committed(point, namesVersion), timeoutMs);
    if (told === undefined) throw nothingPublished();
    const { epoch, revision } = told.newest;
    const isBehind = epoch === point.epoch && revision < point.revision;
    // Who has read from PostgreSQL knows more than was published; that takes nothing away.
    return isBehind
      ? { newest: point, run: { epoch, after: point.revision, revisions: [] }, names: undefined }
      : told;
  },
  async layers(names, atLeast, timeoutMs) {
    const set = await withDeadline(readCachedLayers(documents, names), timeoutMs);
    if (set !== undefined && reaches(set.point, atLeast)) return set.layers;
    if (database !== undefined) return database.layers(names, atLeast, timeoutMs);
    throw nothingPublished();
  },
});

/** A set of another epoch is newer: heads never go back to one that is over. */
const reaches = (point: MemoryPoint, atLeast: MemoryPoint): boolean =>
  point.epoch !== atLeast.epoch || point.revision >= atLeast.revision;

const nothingPublished = (): Problem =>
  new Problem("UNAVAILABLE", "What this edge needs has not been published to it yet.", {
    headers: { "retry-after": "1" },
  });
