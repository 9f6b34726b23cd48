import type { Sql } from "../../platform/sql.ts";
import type { LayerReader } from "./layer-reader.ts";
import type { LayerName } from "./memory-layer.ts";

/** Loads what a process will be asked for, before it is. */
export interface WarmUp {
  /** Names layers that are to be in memory before the process is ready, the most important first. */
  want(names: readonly LayerName[]): void;
  /** How many of them have not come yet. */
  missing(): number;
  /** Loads some of them. */
  warmOnce(sql: Sql): Promise<{ readonly loaded: number }>;
}

const layersAtOnce = 20;

export const createWarmUp = (layers: LayerReader, maxBytes: number): WarmUp => {
  let wanted: readonly LayerName[] = [];
  return {
    want: (names) => {
      wanted = names;
    },
    missing: () => wanted.length,
    async warmOnce(sql) {
      const before = layers.memory.figures().bytes;
      const next = wanted.slice(0, layersAtOnce);
      const absent = next.filter((name) => !layers.memory.has(name));
      if (absent.length > 0) await layers.load(sql, absent);
      const { bytes } = layers.memory.figures();
      // As many again would push out what was loaded before them.
      const isFull = bytes + (bytes - before) > maxBytes;
      wanted = isFull ? [] : wanted.slice(next.length);
      return { loaded: absent.length };
    },
  };
};
