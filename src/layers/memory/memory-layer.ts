import type { LayerEntry } from "../resolve.ts";

/** An entry as a revision left it, of any layer. A deleted one keeps its place, for its revision. */
export interface CommittedEntry extends LayerEntry {
  readonly kind: string;
  readonly deleted: boolean;
}

/** Names a layer. */
export interface LayerName {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
}

/** One layer as a process holds it: changed in place, since readers take what they need at once. */
export interface MemoryLayer {
  readonly name: LayerName;
  get(key: string): CommittedEntry | undefined;
  /** All of them at this moment, deleted ones included. */
  entries(): CommittedEntry[];
  /** The keys that it has or had, in order. */
  keys(): readonly string[];
  /** The newest revision that changed it. */
  head(): number;
  /** Roughly what it takes in memory. */
  bytes(): number;
  /** Takes in a newer version of an entry; an older one is passed over. */
  apply(entry: CommittedEntry): void;
}

/** What an entry takes beside its texts. */
const entryBytes = 300;

export const createMemoryLayer = (
  name: LayerName,
  head: number,
  loaded: readonly CommittedEntry[],
): MemoryLayer => {
  const entries = new Map(loaded.map((entry) => [entry.key, entry]));
  /** Made when a whole document is first asked for. */
  let sorted: string[] | undefined;
  let newest = head;
  let total = loaded.reduce((sum, entry) => sum + sizeOf(entry), 0);
  return {
    name,
    get: (key) => entries.get(key),
    entries: () => [...entries.values()],
    keys() {
      sorted ??= [...entries.keys()].sort();
      return sorted;
    },
    head: () => newest,
    bytes: () => total,
    apply(entry) {
      const before = entries.get(entry.key);
      if (before !== undefined && before.version >= entry.version) return;
      total += sizeOf(entry) - (before === undefined ? 0 : sizeOf(before));
      if (before === undefined) sorted?.splice(placeOf(sorted, entry.key), 0, entry.key);
      entries.set(entry.key, entry);
      newest = Math.max(newest, entry.revision);
    },
  };
};

/** Where a key belongs in a sorted list. */
const placeOf = (sorted: readonly string[], key: string): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

const sizeOf = ({ key, schema, value }: CommittedEntry): number =>
  entryBytes + 2 * (key.length + sizeOfJson(value) + sizeOfJson(schema));

/** Characters, about: strings and names of members count, the rest by its number. */
const sizeOfJson = (value: unknown): number => {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  let size = 16;
  for (const [member, inner] of Object.entries(value)) size += member.length + sizeOfJson(inner);
  return size;
};
