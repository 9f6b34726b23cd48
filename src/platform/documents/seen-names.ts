/** Up to so many names, comparing them one by one is quicker than hashing each. */
const comparedNames = 8;

/** The member names of every object that is open, innermost last. */
export interface SeenNames {
  readonly names: string[];
  readonly offsets: number[];
  count: number;
  /** By depth: where the object's names begin, and its index once it has many. */
  readonly bases: number[];
  readonly indexes: (Map<string, number> | undefined)[];
}

export const seenNames = (): SeenNames => ({
  names: [],
  offsets: [],
  count: 0,
  bases: [],
  indexes: [],
});

export function openNames(seen: SeenNames, depth: number): void {
  seen.bases[depth] = seen.count;
  seen.indexes[depth] = undefined;
}

export function closeNames(seen: SeenNames, depth: number): void {
  seen.count = seen.bases[depth] ?? 0;
}

/** Remembers a name of the object at `depth`; gives the offset at which the object had it before. */
export function rememberName(
  seen: SeenNames,
  depth: number,
  name: string,
  offset: number,
): number | undefined {
  const base = seen.bases[depth] ?? 0;
  const index = seen.indexes[depth];
  if (index !== undefined) {
    const first = index.get(name);
    if (first === undefined) index.set(name, offset);
    return first;
  }
  for (let position = base; position < seen.count; position += 1) {
    if (seen.names[position] === name) return seen.offsets[position];
  }
  seen.names[seen.count] = name;
  seen.offsets[seen.count] = offset;
  seen.count += 1;
  if (seen.count - base > comparedNames) seen.indexes[depth] = indexOf(seen, base);
  return undefined;
}

function indexOf(seen: SeenNames, base: number): Map<string, number> {
  const index = new Map<string, number>();
  for (let position = base; position < seen.count; position += 1) {
    index.set(seen.names[position] ?? "", seen.offsets[position] ?? 0);
  }
  return index;
}
