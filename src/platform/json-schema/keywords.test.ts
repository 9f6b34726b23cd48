/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
import { describe, expect, it } from "vitest";
import type { Json } from "../json.ts";
import { accepts } from "./testing/refusal-of.ts";

type Row = readonly [schema: Json, good: readonly Json[], bad: readonly Json[]];

const judge = (rows: readonly Row[]): void => {
  it.each(rows)("%j takes %j and refuses %j", (schema, good, bad) => {
    for (const value of good) expect([value, accepts(schema, value)]).toEqual([value, true]);
    for (const value of bad) expect([value, accepts(schema, value)]).toEqual([value, false]);
  });
};

const item = { a: 1 };

describe("schemas that are true, false or empty", () => {
  judge([
    [true, [null, 0, "", [], {}], []],
    [false, [], [null, 0, "", [], {}]],
    [{}, [null, 0, "", [], {}], []],
  ]);
});

describe("keywords for any value", () => {
  judge([
    [{ type: "integer" }, [1, 1.0, -0, 1e300], [1.5, "1", null, true]],
    [{ type: "number" }, [1, 1.5], ["1", null]],
    [{ type: ["null", "array"] }, [null, []], [{}, false, 0, ""]],
    [{ type: "object" }, [{}], [[], null]],
    [
      { enum: [1, null, [1], { a: [] }] },
      [1, null, [1], { a: [] }],
      [0, "1", [], [1, 1], { a: {} }],
    ],
    [
      { const: { a: 1, b: [2] } },
      [{ b: [2], a: 1 }],
      [{ a: 1 }, { a: 1, b: [2], c: 3 }, { a: 1, c: [2] }],
    ],
    [{ const: 0 }, [0, -0], [false, "", null]],
    [{ const: null }, [null], [0, {}]],
    [{ enum: [] }, [], [null, 0]],
  ]);
});

describe("keywords for numbers and texts", () => {
  judge([
    [{ minimum: 1, maximum: 2 }, [1, 1.5, 2, "0", null], [0.9, 2.1]],
    [{ exclusiveMinimum: 1, exclusiveMaximum: 2 }, [1.5], [1, 2]],
    [{ multipleOf: 0.01 }, [19.99, 5, 0, "1"], [0.001]],
    [{ minLength: 2, maxLength: 3 }, ["ab", "😀😀", "a😀b", 1], ["a", "😀", "abcd"]],
    [{ maxLength: 0 }, [""], ["a"]],
    [{ pattern: "^a+$" }, ["aa", 1], ["", "ba"]],
    [{ pattern: "a" }, ["bab"], ["b"]],
  ]);
});

describe("keywords for arrays", () => {
  judge([
    [{ minItems: 1, maxItems: 2 }, [[1], [1, 2], {}], [[], [1, 2, 3]]],
    [{ items: { type: "integer" } }, [[], [1, 2]], [[1, "a"]]],
    [{ prefixItems: [{ const: 1 }, { const: 2 }] }, [[], [1], [1, 2, "x"]], [[2], [1, 1]]],
    [{ prefixItems: [true], items: false }, [[], [1]], [[1, 2]]],
    [{ contains: { const: 1 } }, [[0, 1], "x"], [[], [0]]],
    [
      { contains: { const: 1 }, minContains: 2, maxContains: 3 },
      [
        [1, 1],
        [1, 0, 1, 1],
      ],
      [[1], [1, 1, 1, 1]],
    ],
    [{ contains: { const: 1 }, minContains: 0 }, [[], [0]], []],
    [{ contains: { const: 1 }, minContains: 0, maxContains: 1 }, [[], [1]], [[1, 1]]],
    [{ minContains: 2 }, [[]], []],
    [
      { uniqueItems: true },
      [[], [1, "1", true, null, "null", [1], ["1"]]],
      [
        [1, 1],
        [0, -0],
        [item, item],
      ],
    ],
    [{ uniqueItems: false }, [[1, 1]], []],
  ]);
});

describe("keywords for objects", () => {
  judge([
    [{ minProperties: 1, maxProperties: 2 }, [{ a: 1 }, []], [{}, { a: 1, b: 2, c: 3 }]],
    [{ required: ["a", "b"] }, [{ a: 1, b: 2 }, []], [{ a: 1 }, {}]],
    [{ properties: { a: { const: 1 } } }, [{}, { a: 1 }, { b: 2 }], [{ a: 2 }]],
    [{ properties: { a: true }, additionalProperties: { const: 1 } }, [{ a: 2, b: 1 }], [{ b: 2 }]],
    [
      { patternProperties: { "^a": { const: 1 }, b$: { minimum: 1 } } },
      [{ ab: 1, c: 0 }],
      [{ a: 2 }, { b: 0 }],
    ],
    [{ patternProperties: { "^a": true }, additionalProperties: false }, [{ ab: 1 }], [{ b: 1 }]],
    [{ propertyNames: { maxLength: 1 } }, [{}, { a: 1 }], [{ ab: 1 }]],
    [{ dependentRequired: { a: ["b"] } }, [{}, { b: 1 }, { a: 1, b: 2 }], [{ a: 1 }]],
    [{ dependentSchemas: { a: { required: ["b"] } } }, [{}, { a: 1, b: 2 }, "a"], [{ a: 1 }]],
  ]);
});

describe("keywords that combine schemas", () => {
  judge([
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1], [0, 3]],
    [{ anyOf: [{ const: 1 }, { const: 2 }] }, [1, 2], [3]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 2 }] }, [0, 3], [1, 2]],
    [{ oneOf: [false, false] }, [], [1]],
    [{ not: { const: 1 } }, [2], [1]],
    [{ if: { const: 1 }, then: false, else: { const: 2 } }, [2], [1, 3]],
    [{ if: { const: 1 } }, [1, 2], []],
    [{ then: false, else: false }, [1], []],
    [{ $ref: "#/$defs/a", minimum: 5, $defs: { a: { maximum: 9 } } }, [7], [4, 10]],
    [{ $ref: "#/definitions/a", definitions: { a: { const: 1 } } }, [1], [2]],
  ]);
});

const noMoreMembers = (schema: Record<string, Json>): Json => ({
  ...schema,
  unevaluatedProperties: false,
});

const noMoreItems = (schema: Record<string, Json>): Json => ({
  ...schema,
  unevaluatedItems: false,
});

describe("unevaluatedProperties", () => {
  const a = { properties: { a: { const: 1 } }, required: ["a"] };
  const b = { properties: { b: true }, required: ["b"] };
  judge([
    [
      noMoreMembers({ properties: { a: true }, patternProperties: { "^p": true } }),
      [{ a: 1, p1: 2 }],
      [{ b: 1 }],
    ],
    [noMoreMembers({ allOf: [a, b] }), [{ a: 1, b: 2 }], [{ a: 1, b: 2, c: 3 }]],
    [
      noMoreMembers({ anyOf: [a, b] }),
      [{ a: 1, b: 2 }, { a: 1 }, { b: 1 }],
      [
        { a: 2, b: 2 },
        { a: 1, c: 1 },
      ],
    ],
    [
      noMoreMembers({ oneOf: [a, b] }),
      [{ a: 1 }, { b: 1 }],
      [
        { a: 2, b: 1 },
        { a: 1, b: 1 },
      ],
    ],
    [
      noMoreMembers({ if: a, then: b, else: { properties: { c: true } } }),
      [{ a: 1, b: 2 }, { c: 1 }],
      [{ a: 1 }, { a: 2 }, { b: 1 }],
    ],
    [
      noMoreMembers({ dependentSchemas: { a: { properties: { a: true } } } }),
      [{ a: 1 }],
      [{ b: 1 }],
    ],
    [noMoreMembers({ not: { not: a } }), [], [{ a: 1 }]],
    [noMoreMembers({ $ref: "#/$defs/a", $defs: { a } }), [{ a: 1 }], [{ a: 1, b: 1 }]],
    [noMoreMembers({ allOf: [{ additionalProperties: true }] }), [{ z: 1 }], []],
    [noMoreMembers({ allOf: [{ unevaluatedProperties: true }] }), [{ z: 1 }], []],
    [{ allOf: [noMoreMembers({})], properties: { a: true } }, [{}], [{ a: 1 }]],
    [
      { properties: { a: noMoreMembers({}) }, unevaluatedProperties: { const: 1 } },
      [{ a: {}, z: 1 }],
      [{ z: 2 }, { a: { z: 1 } }],
    ],
    [{ unevaluatedProperties: false }, ["x", []], [{ a: 1 }]],
  ]);
});

describe("unevaluatedItems", () => {
  const one = { prefixItems: [{ const: 1 }] };
  const two = { prefixItems: [true, { const: 2 }] };
  judge([
    [noMoreItems(one), [[], [1]], [[1, 2]]],
    [noMoreItems({ allOf: [one, two] }), [[1, 2]], [[1, 2, 3]]],
    [
      noMoreItems({ anyOf: [one, two] }),
      [[1], [1, 2], [0, 2]],
      [
        [1, 3],
        [1, 2, 3],
      ],
    ],
    [noMoreItems({ items: true }), [[1, 2, 3]], []],
    [noMoreItems({ contains: { const: 1 } }), [[1], [1, 1]], [[1, 2], []]],
    [noMoreItems({ contains: { const: 1 }, ...two }), [[0, 2, 1]], [[1, 2, 3]]],
    [noMoreItems({ if: one, then: two }), [[1, 2], [], [1]], [[0], [1, 2, 3]]],
    [{ allOf: [noMoreItems({})], ...one }, [[]], [[1]]],
  ]);
});
