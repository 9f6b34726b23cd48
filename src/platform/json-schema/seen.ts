import { type Run, spend } from "./run.ts";

/**
 * Which members or items of one object or array some keyword has looked at. Only kept where an
 * `unevaluatedItems` or `unevaluatedProperties` will ask.
 */
export interface Seen {
  all: boolean;
  readonly names: Set<string>;
  /** Items before this index. */
  upTo: number;
  readonly indexes: Set<number>;
}

export const createSeen = (run: Run): Seen => {
  spend(run, 4);
  return { all: false, names: new Set(), upTo: 0, indexes: new Set() };
};

/** Adds what a subschema has seen, once it is known to pass: a failed one has seen nothing. */
export const addSeen = (target: Seen, source: Seen, run: Run): void => {
  spend(run, source.names.size + source.indexes.size);
  target.all ||= source.all;
  target.upTo = Math.max(target.upTo, source.upTo);
  for (const name of source.names) target.names.add(name);
  for (const index of source.indexes) target.indexes.add(index);
};
