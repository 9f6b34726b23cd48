import { type Resolved, resolveChain } from "../resolve.ts";
import type { CommittedEntry, MemoryLayer } from "./memory-layer.ts";

/** What (app, environment) resolves to, seen through its layers: it holds nothing of its own. */
export interface PositionView {
  /** The newest revision that changed one of its layers. */
  head(): number;
  /** The live entries of a key, weakest first. */
  chainOf(key: string): CommittedEntry[];
  resolved(key: string): Resolved<CommittedEntry> | undefined;
  /** Every key with what it resolves to, in order; undefined for one that is deleted everywhere. */
  everything(): Iterable<readonly [string, Resolved<CommittedEntry> | undefined]>;
  /** The newest revision of a key's entries, deleted ones included. */
  newestOf(key: string): number;
}

export const createPositionView = (layers: readonly MemoryLayer[]): PositionView => {
  const chainOf = (key: string): CommittedEntry[] => {
    const chain: CommittedEntry[] = [];
    for (const layer of layers) {
      const entry = layer.get(key);
      if (entry !== undefined && !entry.deleted) chain.push(entry);
    }
    return chain;
  };
  return {
    head() {
      let newest = 0;
      for (const layer of layers) newest = Math.max(newest, layer.head());
      return newest;
    },
    chainOf,
    resolved: (key) => resolveChain(chainOf(key)),
    *everything() {
      for (const key of mergeSorted(layers.map((layer) => layer.keys()))) {
        yield [key, resolveChain(chainOf(key))];
      }
    },
    newestOf: (key) =>
      layers.reduce((newest, layer) => Math.max(newest, layer.get(key)?.revision ?? 0), 0),
  };
};

/** The keys of sorted lists, each once, in order. */
function* mergeSorted(lists: readonly (readonly string[])[]): Generator<string> {
  const places = lists.map(() => 0);
  for (;;) {
    let least: string | undefined;
    for (const [index, list] of lists.entries()) {
      const key = list[places[index] ?? 0];
      if (key !== undefined && (least === undefined || key < least)) least = key;
    }
    if (least === undefined) return;
    for (const [index, list] of lists.entries()) {
      if (list[places[index] ?? 0] === least) places[index] = (places[index] ?? 0) + 1;
    }
    yield least;
  }
}
