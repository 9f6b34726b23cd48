import type { KnownNames, LoadedLayer, MemoryPoint } from "../../layers/memory/layer-memory.ts";
import type { LayerReader } from "../../layers/memory/layer-reader.ts";
import type { CommittedEntry, LayerName } from "../../layers/memory/memory-layer.ts";

/** Layers as a process knew them, and when it last knew that nothing newer was committed. */
export interface LayersFile extends MemoryPoint {
  readonly confirmedAtMs: number;
  readonly names: KnownNames;
  readonly layers: readonly LoadedLayer[];
}

/** Of another format nothing is read. */
const format = 1;
/** As they count in memory; on disk they take about half. */
const maxBytes = 64 * 1024 * 1024;

interface Head extends MemoryPoint {
  readonly format: number;
  readonly confirmedAtMs: number;
  readonly namesVersion: number;
  readonly apps: readonly string[];
  readonly environments: readonly string[];
}

interface LayerLine extends LayerName {
  readonly head: number;
}

/** Its layer is said once, before it. */
type EntryLine = Omit<CommittedEntry, "kind" | "app" | "environment">;

/** The layers that were used last, as many as there is room for: all of one revision. */
export const takeLayers = (reader: LayerReader, maxLayers: number): LayersFile => {
  const { memory } = reader;
  const point = memory.point();
  const layers: LoadedLayer[] = [];
  let bytes = 0;
  for (const layer of memory.lastUsed().slice(0, maxLayers)) {
    bytes += layer.bytes();
    if (bytes > maxBytes) break;
    layers.push({ ...point, name: layer.name, head: layer.head(), entries: layer.entries() });
  }
  return { ...point, confirmedAtMs: Date.now() - reader.ageMs(), names: memory.names(), layers };
};

export function* layerLines(file: LayersFile): Generator<Head | LayerLine | EntryLine> {
  const { confirmedAtMs, epoch, layers, names, revision } = file;
  yield {
    format,
    epoch,
    revision,
    confirmedAtMs,
    namesVersion: names.version,
    apps: [...names.apps],
    environments: [...names.environments],
  };
  for (const { entries, head, name } of layers) {
    yield { ...name, head };
    for (const { app: _app, environment: _environment, kind: _kind, ...entry } of entries) {
      yield entry;
    }
  }
}

/** Undefined where it is of another format. */
export const parseLayerLines = (lines: readonly unknown[]): LayersFile | undefined => {
  const [first, ...rest] = lines as [Head, ...(LayerLine | EntryLine)[]];
  if (first?.format !== format) return undefined;
  const { apps, confirmedAtMs, environments, epoch, namesVersion, revision } = first;
  const layers: (LoadedLayer & { readonly entries: CommittedEntry[] })[] = [];
  for (const line of rest) {
    if ("head" in line) {
      const { head, ...name } = line;
      layers.push({ epoch, revision, name, head, entries: [] });
    } else {
      const layer = layers.at(-1);
      const { description, schema } = line;
      layer?.entries.push({ ...line, schema, description, ...layer.name });
    }
  }
  const names = {
    version: namesVersion,
    apps: new Set(apps),
    environments: new Set(environments),
  };
  return { epoch, revision, confirmedAtMs, names, layers };
};
