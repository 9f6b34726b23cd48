import { join } from "node:path";
import type { AccessStore } from "../../access/store/access-store.ts";
import type { LayerMemory } from "../../layers/memory/layer-memory.ts";
import type { LayerReader } from "../../layers/memory/layer-reader.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";
import { describeError, type Logger } from "../../platform/log.ts";
import { writeSealedLines } from "../../platform/sealed-lines.ts";
import { accessLines, toAccessFile } from "./access-file.ts";
import { layerLines, takeLayers } from "./layers-file.ts";
import { fileNames } from "./read-last-known.ts";
import { stateLines } from "./state-file.ts";

interface Keeping {
  readonly folder: string;
  readonly layers: LayerReader;
  readonly access: AccessStore;
  readonly log: Logger;
}

export interface LastKnownKeeper {
  /** Writes what has changed; answers which files it wrote. `isLast` spares nothing. */
  keepOnce(isLast?: boolean): Promise<readonly string[]>;
}

const maxLayers = 500;
const everyMs = 5_000;
/** Layers are many bytes, and change all the time. */
const layersEveryMs = 30_000;
/** How old what is on disk says to be, while nothing changes. */
const stateEveryMs = 10_000;

/** Writes down what a process knows, for one that must start while PostgreSQL is away. */
export const createLastKnownKeeper = ({ access, folder, layers }: Keeping): LastKnownKeeper => {
  let layersId = "";
  let layersAtMs = Number.NEGATIVE_INFINITY;
  let accessId = "";
  let stateAtMs = Number.NEGATIVE_INFINITY;

  const keepLayers = async (isLast: boolean): Promise<boolean> => {
    if (!isLast && performance.now() - layersAtMs < layersEveryMs) return false;
    const id = idOf(layers.memory);
    if (id === layersId) return false;
    layersAtMs = performance.now();
    const file = takeLayers(layers, maxLayers);
    await writeSealedLines(join(folder, fileNames.layers), layerLines(file));
    layersId = id;
    return true;
  };

  const keepAccess = async (): Promise<boolean> => {
    const { epoch, version } = access.point();
    const id = `${epoch}/${version}`;
    if (id === accessId) return false;
    const file = toAccessFile(access.known());
    await writeSealedLines(join(folder, fileNames.access), accessLines(file));
    accessId = id;
    return true;
  };

  const keepState = async (isDue: boolean): Promise<boolean> => {
    if (!isDue && performance.now() - stateAtMs < stateEveryMs) return false;
    const { memory } = layers;
    const state = {
      used: usedIn(memory),
      layers: { ...memory.point(), confirmedAtMs: Date.now() - layers.ageMs() },
      access: { ...access.point(), confirmedAtMs: Date.now() - access.ageMs() },
    };
    stateAtMs = performance.now();
    await writeSealedLines(join(folder, fileNames.state), stateLines(state));
    return true;
  };

  return {
    async keepOnce(isLast = false) {
      // Between two histories there is nothing that goes together.
      if (access.point().epoch !== layers.memory.point().epoch) return [];
      const written: string[] = [];
      if (await keepLayers(isLast)) written.push(fileNames.layers);
      if (await keepAccess()) written.push(fileNames.access);
      if (await keepState(isLast || written.length > 0)) written.push(fileNames.state);
      return written;
    },
  };
};

const usedIn = (memory: LayerMemory): LayerName[] =>
  memory
    .lastUsed()
    .slice(0, maxLayers)
    .map(({ name }) => name);

/** What the file of the layers would hold; in which order they were used does not matter. */
const idOf = (memory: LayerMemory): string => {
  const { epoch, revision } = memory.point();
  const held = usedIn(memory)
    .map((name) => JSON.stringify(name))
    .sort((a, b) => (a < b ? -1 : 1));
  return JSON.stringify([epoch, revision, memory.names().version, held]);
};

/** Keeps it now and then, and once more when it is stopped. */
export const keepLastKnown = (keeping: Keeping): (() => Promise<void>) => {
  const { log } = keeping;
  const keeper = createLastKnownKeeper(keeping);
  let failing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let keepingNow: Promise<void> = Promise.resolve();

  const keep = async (isLast: boolean): Promise<void> => {
    try {
      await keeper.keepOnce(isLast);
      failing = false;
    } catch (error) {
      if (!failing) log.warn("cannot write down what is known", describeError(error));
      failing = true;
    }
  };
  const plan = (): void => {
    timer = setTimeout(
      () => {
        keepingNow = keep(false).then(plan);
      },
      everyMs * (0.8 + 0.4 * Math.random()),
    );
    timer.unref?.();
  };

  plan();
  return async () => {
    await keepingNow;
    clearTimeout(timer);
    await keep(true);
  };
};
