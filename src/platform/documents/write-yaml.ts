import { dump } from "js-yaml";
import { isJsonObject, type Json } from "../json.ts";

/**
 * js-yaml tries regular expressions with nested repetition on every string, which fail with
 * "Maximum call stack size exceeded" somewhere between 1 and 10 million characters.
 */
const longestDumped = 100_000;

/** Control and invisible characters that JSON leaves bare and YAML wants escaped. */
const unescaped = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g;

const escapeCharacter = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

function hasLongText(value: Json): boolean {
  if (typeof value === "string") return value.length > longestDumped;
  if (Array.isArray(value)) return value.some(hasLongText);
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(
    ([name, member]) => name.length > longestDumped || hasLongText(member),
  );
}

/**
 * One YAML document that `parseYaml` reads as the same value, and other parsers too: a string
 * that YAML 1.1 or 1.2 would take for another type is quoted. No anchors, no folded lines. With
 * a string over 100,000 characters it is written as JSON, which YAML includes.
 */
export function writeYaml(value: Json): string {
  if (!hasLongText(value)) return dump(value, { noRefs: true, lineWidth: -1 });
  return `${JSON.stringify(value, null, 2).replace(unescaped, escapeCharacter)}\n`;
}
