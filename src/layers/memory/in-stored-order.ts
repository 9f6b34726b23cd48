import { isJsonObject, type Json, type JsonObject } from "../../platform/json.ts";

const encoder = new TextEncoder();
const ascii = /^[\0-\x7f]*$/;

/**
 * A value with its members in the order in which PostgreSQL's jsonb gives them back: short names first,
 * and among equally long ones by their bytes. Then what a process has committed reads the same, to the
 * byte, as what it loads, and a strong entity tag keeps its word.
 */
export const inStoredOrder = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(inStoredOrder);
  // What is stored has no negative zero.
  if (typeof value === "number") return value + 0;
  if (!isJsonObject(value)) return value;
  const ordered: JsonObject = Object.create(null) as JsonObject;
  for (const name of Object.keys(value).sort(byStoredOrder)) {
    ordered[name] = inStoredOrder(value[name] as Json);
  }
  return ordered;
};

const byStoredOrder = (a: string, b: string): number => {
  if (ascii.test(a) && ascii.test(b)) return a.length - b.length || (a < b ? -1 : 1);
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  if (left.length !== right.length) return left.length - right.length;
  const place = left.findIndex((byte, index) => byte !== right[index]);
  return (left[place] ?? 0) - (right[place] ?? 0);
};
