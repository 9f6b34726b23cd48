import { isJsonObject, type Json } from "../../src/platform/json.ts";

/** RFC 7396, section 2, letter by letter. */
export const naiveMergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map<string, Json>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, naiveMergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
};

interface NaiveEntry {
  readonly value: Json;
  readonly merge: "replace" | "deep";
}

/**
 * What a chain (weakest first) resolves to, worked out backwards: everything below the strongest
 * entry that replaces does not count, and what is left is patched together.
 */
export const naiveResolve = <Entry extends NaiveEntry>(
  chain: readonly Entry[],
): { value: Json; winner: Entry; contributors: Entry[] } | undefined => {
  const winner = chain.at(-1);
  if (winner === undefined) return undefined;
  const replaces = ({ merge, value }: Entry): boolean =>
    merge === "replace" || !isJsonObject(value);
  const base = Math.max(0, chain.findLastIndex(replaces));
  const contributors = chain.slice(base);
  let value: Json | undefined;
  for (const entry of contributors) {
    value = entry.merge === "replace" ? entry.value : naiveMergePatch(value, entry.value);
  }
  return { value: value ?? null, winner, contributors };
};
