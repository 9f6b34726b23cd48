import { type Json, jsonEqual } from "../platform/json.ts";

/** How one key differs; a side without the key has no value. */
export type ValueDifference =
  | { readonly change: "added"; readonly key: string; readonly after: Json }
  | { readonly change: "removed"; readonly key: string; readonly before: Json }
  | {
      readonly change: "changed";
      readonly key: string;
      readonly before: Json;
      readonly after: Json;
    };

/** The differences between two sets of values, by key. Pure. */
export const diffValues = (
  before: ReadonlyMap<string, Json>,
  after: ReadonlyMap<string, Json>,
): ValueDifference[] => {
  const differences: ValueDifference[] = [];
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const was = before.get(key);
    const is = after.get(key);
    if (was === undefined && is !== undefined)
      differences.push({ change: "added", key, after: is });
    else if (was !== undefined && is === undefined) {
      differences.push({ change: "removed", key, before: was });
    } else if (was !== undefined && is !== undefined && !jsonEqual(was, is)) {
      differences.push({ change: "changed", key, before: was, after: is });
    }
  }
  return differences;
};
