import { isJsonObject, type Json, type JsonObject } from "../platform/json.ts";

export type Merge = "replace" | "deep";

/** One entry of one layer, as far as resolution needs it. `''` in a scope means "all". */
export interface LayerEntry {
  readonly id: string;
  readonly app: string;
  readonly environment: string;
  readonly key: string;
  readonly version: number;
  readonly revision: number;
  readonly value: Json;
  readonly schema: Json | undefined;
  readonly description: string | undefined;
  readonly merge: Merge;
}

/** What a key resolves to: the value, and the entries that it was made of, weakest first. */
export interface Resolved<Entry extends LayerEntry = LayerEntry> {
  readonly value: Json;
  /** The strongest owner, whose scope and version the value is reported with. */
  readonly winner: Entry;
  /** The entries whose values are in the result; more than one only after a deep merge. */
  readonly contributors: readonly Entry[];
}

/** A scope as [app, environment]. */
export type Scope = readonly [string, string];

/** The scopes that apply to (app, environment), weakest first: four, or fewer where one is "all". */
export const scopesOf = (app: string, environment: string): Scope[] => {
  const scopes: Scope[] = [["", ""]];
  if (environment !== "") scopes.push(["", environment]);
  if (app !== "") scopes.push([app, ""]);
  if (app !== "" && environment !== "") scopes.push([app, environment]);
  return scopes;
};

/**
 * JSON Merge Patch (RFC 7396, section 2): objects are merged member by member, `null` removes a
 * member, everything else, arrays included, replaces. Neither argument is changed.
 */
export const mergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [member, change] of Object.entries(patch)) {
    if (change === null) delete result[member];
    else result[member] = mergePatch(result[member], change);
  }
  return result;
};

/**
 * Resolves one key. `chain` holds the entries of the key in the scopes that apply, weakest first.
 * A "replace" entry covers all weaker ones; a "deep" one is merged over what they resolve to.
 */
export const resolveChain = <Entry extends LayerEntry>(
  chain: readonly Entry[],
): Resolved<Entry> | undefined => {
  let resolved: Resolved<Entry> | undefined;
  for (const entry of chain) resolved = resolveOver(resolved, entry);
  return resolved;
};

/**
 * Resolves every key of an (app, environment). `layers` are those of its scopes, weakest first,
 * each with at most one entry per key. Keys come out in the order in which layers bring them.
 */
export const resolveLayers = <Entry extends LayerEntry>(
  layers: readonly (readonly Entry[])[],
): Map<string, Resolved<Entry>> => {
  const resolved = new Map<string, Resolved<Entry>>();
  for (const layer of layers) {
    for (const entry of layer) {
      resolved.set(entry.key, resolveOver(resolved.get(entry.key), entry));
    }
  }
  return resolved;
};

/** A deep entry with nothing below it is a patch of nothing: its nulls do not become values. */
const resolveOver = <Entry extends LayerEntry>(
  below: Resolved<Entry> | undefined,
  entry: Entry,
): Resolved<Entry> => {
  if (entry.merge === "replace")
    return { value: entry.value, winner: entry, contributors: [entry] };
  return {
    value: mergePatch(below?.value, entry.value),
    winner: entry,
    contributors:
      below === undefined || !isJsonObject(entry.value) ? [entry] : [...below.contributors, entry],
  };
};
