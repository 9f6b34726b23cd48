import * as fc from "fast-check";
import type { Json } from "../../json.ts";

const names = fc.constantFrom("a", "b", "toString", "length", "valueOf");

const membersOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.dictionary(names, value, { maxKeys: 3, noNullPrototype: true });

/** Small values of few kinds, so that schemas of few keywords accept some and refuse some. */
export const arbitraryValue: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>(null, true, false, 0, 1, -0, 2.5, 1e300, 0.01, "", "a", "ab", "10.0.0.1"),
    fc.array(tie("value"), { maxLength: 3 }),
    membersOf(tie("value")),
  ),
})).value;

const size = fc.nat({ max: 3 });
const nameList = fc.uniqueArray(names, { maxLength: 2 });

const plainKeywords: readonly [string, fc.Arbitrary<Json>][] = [
  ["type", fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object")],
  ["enum", fc.array(arbitraryValue, { maxLength: 2 })],
  ["const", arbitraryValue],
  ["minimum", size],
  ["exclusiveMaximum", size],
  ["multipleOf", fc.constantFrom(0.01, 2, 1e-300)],
  ["minLength", size],
  ["maxLength", size],
  ["pattern", fc.constantFrom("a", "^a?$", "^(a|a)*$")],
  ["format", fc.constantFrom("ipv4", "date", "regex", "uri", "unknown")],
  ["minItems", size],
  ["uniqueItems", fc.boolean()],
  ["maxProperties", size],
  ["required", nameList],
  ["dependentRequired", membersOf(nameList)],
  ["minContains", size],
  ["maxContains", size],
];

const nestingKeywords = (schema: fc.Arbitrary<Json>): readonly [string, fc.Arbitrary<Json>][] => {
  const list = fc.array(schema, { minLength: 1, maxLength: 2 });
  const one = ["additionalProperties", "propertyNames", "unevaluatedProperties", "items"];
  const more = ["contains", "unevaluatedItems", "not", "if", "then", "else"];
  return [
    ...[...one, ...more].map((keyword): [string, fc.Arbitrary<Json>] => [keyword, schema]),
    ...["allOf", "anyOf", "oneOf", "prefixItems"].map((keyword): [string, fc.Arbitrary<Json>] => [
      keyword,
      list,
    ]),
    ["properties", membersOf(schema)],
    ["dependentSchemas", membersOf(schema)],
    ["patternProperties", fc.dictionary(fc.constantFrom("^a", "o"), schema, { maxKeys: 1 })],
  ];
};

/** Well-formed schemas of nearly every keyword, without references. */
export const arbitrarySchema: fc.Arbitrary<Json> = fc.letrec<{ schema: Json }>((tie) => {
  const keywords = [...plainKeywords, ...nestingKeywords(tie("schema"))].map(([keyword, value]) =>
    value.map((content): [string, Json] => [keyword, content]),
  );
  // Few keywords each, or hardly any value would pass.
  const members = fc.array(fc.oneof(...keywords), { minLength: 1, maxLength: 3 });
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.boolean(),
      members.map((entries): Json => Object.fromEntries(entries)),
    ),
  };
}).schema;
