import { isJsonObject, type Json } from "./json.ts";

/**
 * A value as JSON text in one way only (RFC 8785): members sorted by UTF-16 units, no spaces, numbers and
 * texts as `JSON.stringify` writes them. Values from outside are no deeper than a document may be.
 */
export const canonicalJson = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`);
  return `{${members.join(",")}}`;
};
