import { type FieldError, invalidInput } from "../errors.ts";
import { maxOffences, quote, refuse, shorten } from "../platform/documents/offences.ts";
import { isJsonObject, type Json, type JsonObject, jsonEqual } from "../platform/json.ts";
import { keyPattern } from "../platform/names.ts";

interface FlatEntry {
  readonly value: Json;
  /** Where the document has it, as written: `server › port`, or `server.port` for a dotted key. */
  readonly place: string;
}

export interface FlatDocument {
  readonly entries: Map<string, FlatEntry>;
  readonly warnings: FieldError[];
}

interface Flattening extends FlatDocument {
  readonly offences: FieldError[];
}

const keyRule =
  "keys have 1 to 256 letters, digits, dots, underscores, colons and hyphens, and begin with a letter or digit";

function fault(flattening: Flattening, key: string, message: string): void {
  flattening.offences.push({ path: shorten(key), message });
  if (flattening.offences.length >= maxOffences) throw refuse(flattening.offences);
}

function addEntry(flattening: Flattening, names: readonly string[], value: Json): void {
  const key = names.join(".");
  const place = names.join(" › ");
  if (!keyPattern.test(key)) {
    fault(flattening, key, `${quote(place)} is not a key: ${keyRule}`);
    return;
  }
  const earlier = flattening.entries.get(key);
  if (earlier === undefined) {
    flattening.entries.set(key, { value, place });
    return;
  }
  const places = `${quote(earlier.place)} and ${quote(place)}`;
  if (jsonEqual(earlier.value, value)) {
    const message = `is set twice with the same value, at ${places}; one of them can go`;
    flattening.warnings.push({ path: key, message });
  } else fault(flattening, key, `is set to different values at ${places}; keep one of them`);
}

function addMembers(flattening: Flattening, names: readonly string[], members: JsonObject): void {
  for (const [name, value] of Object.entries(members)) {
    const inner = [...names, name];
    // An empty map has no keys to become, and a reader may want to know that it is there.
    if (isJsonObject(value) && Object.keys(value).length > 0) addMembers(flattening, inner, value);
    else addEntry(flattening, inner, value);
  }
}

/**
 * A document's settings by dotted key: nested maps become dotted keys, so that
 * `server: { port: 1 }` and `server.port: 1` both give `server.port`; lists, scalars and empty
 * maps are values. A key that is set twice, dotted and nested, passes with a warning when both
 * values are equal.
 *
 * @param document a map, read by `parseJson` or `parseYaml`
 * @throws Problem `INVALID_INPUT` naming up to 20 keys that are illegal or set to different values
 */
export function flattenDocument(document: Json): FlatDocument {
  if (!isJsonObject(document)) {
    throw invalidInput("", "the document must be a map of keys at its top level");
  }
  const flattening: Flattening = { entries: new Map(), warnings: [], offences: [] };
  addMembers(flattening, [], document);
  if (flattening.offences.length > 0) throw refuse(flattening.offences);
  return { entries: flattening.entries, warnings: flattening.warnings };
}
