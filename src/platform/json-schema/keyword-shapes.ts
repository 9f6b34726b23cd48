import { isJsonObject, type Json } from "../json.ts";
import { listOf } from "./describe.ts";

/** Says what is wrong with a keyword's value, if anything. */
type Shape = (value: Json) => string | undefined;

const expect =
  (holds: (value: Json) => boolean, message: string): Shape =>
  (value) =>
    holds(value) ? undefined : message;

const isCount = (value: Json): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

export const isStringList = (value: Json | undefined): value is string[] =>
  Array.isArray(value) &&
  value.every((item) => typeof item === "string") &&
  new Set(value).size === value.length;

const typeNames = ["array", "boolean", "integer", "null", "number", "object", "string"];

const isTypes = (value: Json): boolean =>
  typeof value === "string"
    ? typeNames.includes(value)
    : isStringList(value) && value.length > 0 && value.every((name) => typeNames.includes(name));

const text = expect((value) => typeof value === "string", "must be a string");
const flag = expect((value) => typeof value === "boolean", "must be true or false");
const list = expect((value) => Array.isArray(value), "must be an array");
const amount = expect(isCount, "must be an integer of 0 or more");
const bound = expect((value) => typeof value === "number", "must be a number");
const names = expect(isStringList, "must be an array of different strings");
const anchor = expect(
  (value) => typeof value === "string" && /^[A-Za-z_][-A-Za-z0-9._]*$/.test(value),
  "must be a name of letters, digits, '-', '.' and '_' that begins with a letter or '_'",
);

/** The keywords that hold no schemas, by the shape that the 2020-12 meta-schema gives them. */
export const plainShapes: ReadonlyMap<string, Shape> = new Map([
  ["type", expect(isTypes, `must be ${listOf(typeNames)}, or an array of these`)],
  ["enum", list],
  [
    "multipleOf",
    expect((value) => Number(value) > 0 && bound(value) === undefined, "must be a number above 0"),
  ],
  ["maximum", bound],
  ["exclusiveMaximum", bound],
  ["minimum", bound],
  ["exclusiveMinimum", bound],
  ["maxLength", amount],
  ["minLength", amount],
  ["pattern", text],
  ["format", text],
  ["maxItems", amount],
  ["minItems", amount],
  ["uniqueItems", flag],
  ["maxContains", amount],
  ["minContains", amount],
  ["maxProperties", amount],
  ["minProperties", amount],
  ["required", names],
  [
    "dependentRequired",
    expect(
      (value) => isJsonObject(value) && Object.values(value).every(isStringList),
      "must be an object of arrays of different strings",
    ),
  ],
  ["$id", text],
  ["$schema", text],
  ["$ref", text],
  ["$dynamicRef", text],
  ["$anchor", anchor],
  ["$dynamicAnchor", anchor],
  ["$comment", text],
  ["title", text],
  ["description", text],
  ["deprecated", flag],
  ["readOnly", flag],
  ["writeOnly", flag],
  ["examples", list],
  ["contentEncoding", text],
  ["contentMediaType", text],
]);

/** The keywords that hold schemas: one, an array of them, or an object of them. */
export const schemaShapes: ReadonlyMap<string, "one" | "list" | "members"> = new Map([
  ["items", "one"],
  ["contains", "one"],
  ["additionalProperties", "one"],
  ["unevaluatedItems", "one"],
  ["unevaluatedProperties", "one"],
  ["propertyNames", "one"],
  ["not", "one"],
  ["if", "one"],
  ["then", "one"],
  ["else", "one"],
  ["contentSchema", "one"],
  ["allOf", "list"],
  ["anyOf", "list"],
  ["oneOf", "list"],
  ["prefixItems", "list"],
  ["properties", "members"],
  ["patternProperties", "members"],
  ["dependentSchemas", "members"],
  ["$defs", "members"],
  ["definitions", "members"],
]);
