import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { formats } from "./check-format.ts";
import type { Pattern } from "./compile-pattern.ts";
import { clip, count, listOf, quote } from "./describe.ts";
import { equalJson } from "./equal-json.ts";
import { isMultipleOf } from "./is-multiple-of.ts";
import { isStringList } from "./keyword-shapes.ts";
import { matchesPattern } from "./match-pattern.ts";
import { fail, type Run, spend, spendText } from "./run.ts";
import type { Check } from "./schema-node.ts";

const typeOf = (value: Json): string => {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
};

const articles: Readonly<Record<string, string>> = {
  array: "an array",
  integer: "an integer",
  object: "an object",
  null: "null",
  boolean: "true or false",
};

const nameType = (type: string): string => articles[type] ?? `a ${type}`;

const checkType = (types: readonly string[]): Check => {
  const accepted = new Set(types);
  const takesIntegers = accepted.has("integer");
  const wanted = listOf([...accepted].map(nameType));
  return (value, run) => {
    const actual = typeOf(value);
    if (accepted.has(actual)) return true;
    if (takesIntegers && Number.isInteger(value)) return true;
    const found =
      actual === "number" && takesIntegers
        ? "a number with a fraction"
        : actual === "boolean"
          ? "a boolean"
          : nameType(actual);
    return fail(run, `must be ${wanted}, not ${found}`);
  };
};

const MAX_OPTIONS_SHOWN = 10;

const checkEnum = (options: readonly Json[]): Check => {
  const simple = new Set(options.filter((option) => typeof option !== "object" || option === null));
  const composite = options.filter((option) => typeof option === "object" && option !== null);
  const wanted =
    options.length <= MAX_OPTIONS_SHOWN
      ? `must be ${listOf(options.map(quote))}`
      : `must be one of the ${options.length} values that the schema lists`;
  return (value, run) => {
    if (typeof value === "string") spendText(run, value);
    const found =
      typeof value !== "object" || value === null
        ? simple.has(value)
        : composite.some((option) => equalJson(option, value, run));
    return found || fail(run, wanted);
  };
};

const checkConst =
  (expected: Json): Check =>
  (value, run) =>
    equalJson(expected, value, run) || fail(run, `must be ${quote(expected)}`);

type NumberRule = readonly [
  keyword: string,
  holds: (value: number, limit: number) => boolean,
  wanted: string,
];

const numberRules: readonly NumberRule[] = [
  ["minimum", (value, limit) => value >= limit, "must be at least"],
  ["exclusiveMinimum", (value, limit) => value > limit, "must be above"],
  ["maximum", (value, limit) => value <= limit, "must be at most"],
  ["exclusiveMaximum", (value, limit) => value < limit, "must be below"],
  ["multipleOf", isMultipleOf, "must be a multiple of"],
];

const numberChecks = (schema: JsonObject): Check[] =>
  numberRules.flatMap(([keyword, holds, wanted]) => {
    const limit = schema[keyword];
    if (typeof limit !== "number") return [];
    const isInteger = Number.isSafeInteger(limit);
    return (value: Json, run: Run) => {
      if (typeof value !== "number") return true;
      // Division of decimals takes some 2 µs.
      if (keyword === "multipleOf" && !(isInteger && Number.isSafeInteger(value))) spend(run, 10);
      return holds(value, limit) || fail(run, `${wanted} ${limit}`);
    };
  });

/** Characters as people count them, so that an emoji is one: no surrogate counts twice. */
const countCharacters = (text: string, run: Run): number => {
  spendText(run, text);
  let characters = 0;
  for (let index = 0; index < text.length; index += 1) {
    const isPair = (text.codePointAt(index) ?? 0) > 0xffff;
    if (isPair) index += 1;
    characters += 1;
  }
  return characters;
};

const sizeOf = (value: Json, kind: "string" | "array" | "object", run: Run): number | undefined => {
  if (kind === "string") return typeof value === "string" ? countCharacters(value, run) : undefined;
  if (kind === "array") return Array.isArray(value) ? value.length : undefined;
  if (!isJsonObject(value)) return undefined;
  const names = Object.keys(value);
  spend(run, names.length);
  return names.length;
};

const sizeRules = [
  ["minLength", "maxLength", "string", "character"],
  ["minItems", "maxItems", "array", "item"],
  ["minProperties", "maxProperties", "object", "member"],
] as const;

const sizeChecks = (schema: JsonObject): Check[] =>
  sizeRules.flatMap(([least, most, kind, noun]) => {
    const min = Number(schema[least] ?? 0);
    const max = Number(schema[most] ?? Number.POSITIVE_INFINITY);
    if (schema[least] === undefined && schema[most] === undefined) return [];
    return (value: Json, run: Run) => {
      const size = sizeOf(value, kind, run);
      if (size === undefined) return true;
      if (size < min) return fail(run, `must have at least ${count(min, noun)}`);
      return size <= max || fail(run, `must have at most ${count(max, noun)}`);
    };
  });

const checkPattern =
  (pattern: Pattern): Check =>
  (value, run) =>
    typeof value !== "string" ||
    matchesPattern(pattern, value, run) ||
    fail(run, `must match the pattern ${clip(pattern.source, 100)}`);

const checkFormat = (name: string): Check[] => {
  const format = formats.get(name);
  // The standard has unknown formats pass.
  if (format === undefined) return [];
  return [
    (value, run) => {
      if (typeof value !== "string") return true;
      spend(run, value.length >>> 4);
      return format.accepts(value, run) || fail(run, `must be ${format.noun}`);
    },
  ];
};

/** Checks for the keywords that look at a value as a whole: its type, size, range and text. */
export const valueChecks = (schema: JsonObject, pattern: Pattern | undefined): Check[] => {
  const { type, enum: options, const: expected, format } = schema;
  const checks: Check[] = [];
  if (typeof type === "string") checks.push(checkType([type]));
  if (isStringList(type)) checks.push(checkType(type));
  if (Array.isArray(options)) checks.push(checkEnum(options));
  if (expected !== undefined) checks.push(checkConst(expected));
  checks.push(...numberChecks(schema), ...sizeChecks(schema));
  if (pattern !== undefined) checks.push(checkPattern(pattern));
  if (typeof format === "string") checks.push(...checkFormat(format));
  return checks;
};
