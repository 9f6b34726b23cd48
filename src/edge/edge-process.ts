import { type AccessStore, createAccessStore } from "../access/store/access-store.ts";
import type { ReadableCache } from "../layers/cache/read-cached-layers.ts";
import { createLayerMemory } from "../layers/memory/layer-memory.ts";
import { createLayerReader, type LayerReader } from "../layers/memory/layer-reader.ts";
import { sqlSource } from "../layers/memory/layer-source.ts";
import type { Settings } from "../platform/settings.ts";
import type { Sql } from "../platform/sql.ts";
import { type AccessReader, edgeAccess } from "./edge-access.ts";
import { type CommittedReader, edgeSource } from "./edge-source.ts";

interface EdgeProcessOptions {
  readonly settings: Settings;
  readonly bootstrapKey: string;
  readonly authority: AccessReader & CommittedReader;
  readonly documents: ReadableCache;
  /** Whether the handles that it is given are connections to PostgreSQL. */
  readonly hasDatabase: boolean;
}

/** What a process at the edge knows, from its head authority. */
export interface EdgeProcess {
  readonly layers: LayerReader;
  readonly access: AccessStore;
  /** For how long it has not been confirmed that what is known is the newest. */
  ageMs(): number;
  /** Learns what is new. The handle tells looks apart that must not wait for each other. */
  follow(handle: Sql): Promise<void>;
}

const lookTimeoutMs = 3_000;
const loadTimeoutMs = 5_000;

export const createEdgeProcess = (options: EdgeProcessOptions): EdgeProcess => {
  const { authority, bootstrapKey, documents, hasDatabase, settings } = options;
  const { authStalenessMs: stalenessMs, maxLayerMemoryBytes, maxStalenessMs } = settings;
  const layers = createLayerReader(createLayerMemory(maxLayerMemoryBytes), {
    lookTimeoutMs,
    loadTimeoutMs,
    sourceOf: (sql) => {
      const database = hasDatabase ? sqlSource(sql) : undefined;
      return edgeSource({ authority, documents, database });
    },
  });
  const access = createAccessStore({
    bootstrapKey,
    stalenessMs,
    confirmAfterMs: maxStalenessMs,
    source: edgeAccess(authority, hasDatabase),
  });
  return {
    layers,
    access,
    ageMs: () => Math.max(layers.ageMs(), access.ageMs()),
    async follow(handle) {
      await Promise.all([layers.followOnce(handle), access.syncOnce(handle)]);
    },
  };
};
