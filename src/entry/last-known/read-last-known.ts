import { join } from "node:path";
import type { KnownAccess } from "../../access/store/access-sync.ts";
import type { KnownLayers } from "../../layers/memory/layer-reader.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";
import { describeError, type Logger } from "../../platform/log.ts";
import { DamagedFile, readSealedLines, removeLeftovers } from "../../platform/sealed-lines.ts";
import { parseAccessLines } from "./access-file.ts";
import { parseLayerLines } from "./layers-file.ts";
import { parseStateLines } from "./state-file.ts";

/** The files in their folder. */
export const fileNames = {
  layers: "layers.ndjson",
  access: "access.ndjson",
  state: "state.ndjson",
} as const;

/** What a process left for the next one. */
export interface LastKnown {
  /** The layers that were used last. */
  readonly used: readonly LayerName[];
  /** Undefined where it cannot be relied on. */
  readonly known: { readonly layers: KnownLayers; readonly access: KnownAccess } | undefined;
}

/** What clocks may differ by, where one wrote and another one reads. */
const maxSkewMs = 60_000;

/** Reads what was last known; what is damaged counts as missing, and the log says so. */
export const readLastKnown = async (
  folder: string,
  log: Logger,
  nowMs: () => number = Date.now,
): Promise<LastKnown> => {
  let isReadable = true;
  const read = async <File>(
    name: string,
    parse: (lines: readonly unknown[]) => File | undefined,
  ): Promise<File | undefined> => {
    if (!isReadable) return undefined;
    try {
      const lines = await readSealedLines(join(folder, name));
      return lines === undefined ? undefined : parse(lines);
    } catch (error) {
      log.warn("what was last known cannot be read", { file: name, ...describeError(error) });
      isReadable = error instanceof DamagedFile;
      return undefined;
    }
  };
  await removeLeftovers(folder).catch(() => {});
  const layers = await read(fileNames.layers, parseLayerLines);
  const access = await read(fileNames.access, parseAccessLines);
  const state = await read(fileNames.state, parseStateLines);
  const used = state?.used ?? [];
  if (layers === undefined || access === undefined) return { used, known: undefined };
  const ages = {
    layers: nowMs() - latest(layers, state?.layers, "revision"),
    access: nowMs() - latest(access, state?.access, "version"),
  };
  const isUsable = layers.epoch === access.epoch && Math.min(...Object.values(ages)) >= -maxSkewMs;
  if (!isUsable) return { used, known: undefined };
  const { confirmedAtMs: _layersAtMs, ...knownLayers } = layers;
  const { confirmedAtMs: _accessAtMs, ...knownAccess } = access;
  return {
    used,
    known: {
      layers: { ...knownLayers, ageMs: Math.max(0, ages.layers) },
      access: { ...knownAccess, ageMs: Math.max(0, ages.access) },
    },
  };
};

/** A file that was not written anew since may have been confirmed since. */
const latest = <Number extends "revision" | "version">(
  file: Confirmed<Number>,
  later: Confirmed<Number> | undefined,
  number: Number,
): number =>
  later !== undefined && later.epoch === file.epoch && later[number] === file[number]
    ? Math.max(file.confirmedAtMs, later.confirmedAtMs)
    : file.confirmedAtMs;

type Confirmed<Name extends string> = Readonly<Record<Name, number>> & {
  readonly epoch: string;
  readonly confirmedAtMs: number;
};
