import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Problem } from "../../errors.ts";
import type { Json } from "../json.ts";
import { compileJsonSchema } from "./compile-json-schema.ts";
import {
  MAX_PATTERN_LENGTH,
  MAX_REFERENCE_LENGTH,
  MAX_SCHEMA_BYTES,
  MAX_SCHEMA_DEPTH,
} from "./limits.ts";
import { arbitraryValue } from "./testing/arbitrary-schema.ts";
import { accepts, costRefusalOf, schemaErrorsOf } from "./testing/refusal-of.ts";

/*
 * No test here measures time: without the limit that it is about, each would run for minutes, fill
 * the memory or overflow the stack.
 */

const nested = (levels: number, wrap: (inner: Json) => Json): Json => {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
};

const outcomeOf = (schema: Json, value: Json): unknown => {
  try {
    compileJsonSchema(schema).validate(value);
    return "verdict";
  } catch (error) {
    return error instanceof Problem ? "problem" : error;
  }
};

const indexes = (length: number): number[] => Array.from({ length }, (_item, index) => index);

/** A chain of definitions, each referring to the next twice. */
const doubling = (keyword: string, last: Json): Json => ({
  $ref: "#/$defs/level0",
  $defs: {
    ...Object.fromEntries(
      indexes(30).map((level) => {
        const next = { $ref: `#/$defs/level${level + 1}` };
        return [`level${level}`, { [keyword]: [next, next] }];
      }),
    ),
    level30: last,
  },
});

describe("references that double at each of thirty levels", () => {
  it.each([
    ["allOf", "all pass", "x"],
    ["allOf", "none passes", 1],
    ["anyOf", "none passes", 1],
    ["oneOf", "all pass", "x"],
    ["oneOf", "none passes", 1],
  ])("%s, where %s, is given up", (keyword, _case, value) => {
    expect(costRefusalOf(doubling(keyword, { type: "string" }), value)).toContain("steps");
  });

  it("are given up too where members seen are collected", () => {
    const schema = { ...(doubling("allOf", { properties: { a: true } }) as object) };
    expect(costRefusalOf({ ...schema, unevaluatedProperties: false }, { a: 1 })).toContain("steps");
  });

  it("do no harm where the first alternative decides", () => {
    expect(accepts(doubling("anyOf", { type: "string" }), "x")).toBe(true);
  });
});

describe("references that lead back to where they stand", () => {
  it.each<[string, Json, string]>([
    ["directly", { $ref: "#" }, ""],
    ["by an anchor", { $anchor: "a", $ref: "#a" }, ""],
    ["by an id", { $id: "https://example.com/a", not: { $ref: "a" } }, "not"],
    ["through alternatives", { anyOf: [{ type: "null" }, { $ref: "#" }] }, "anyOf.1"],
    ["through a condition", { if: { $ref: "#" } }, "if"],
    ["through a dependency", { dependentSchemas: { a: { $ref: "#" } } }, "dependentSchemas.a"],
    [
      "through one another",
      { $defs: { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { oneOf: [{ $ref: "#/$defs/a" }] } } },
      "$defs.b.oneOf.0",
    ],
  ])("are refused at once: %s", (_how, schema, path) => {
    expect(schemaErrorsOf(schema)).toEqual([
      { path, message: expect.stringContaining("never end") as string },
    ]);
  });

  it.each<[string, Json]>([
    ["once", { $dynamicAnchor: "a", allOf: [{ $dynamicRef: "#a" }] }],
    ["twice", { $dynamicAnchor: "a", anyOf: [{ $dynamicRef: "#a" }, { $dynamicRef: "#a" }] }],
    ["in a condition", { $dynamicAnchor: "a", if: { $dynamicRef: "#a" } }],
    ["in a negation", { $dynamicAnchor: "a", not: { $dynamicRef: "#a" } }],
  ])("are given up when they do so dynamically: %s", (_how, schema) => {
    expect(costRefusalOf(schema, 1)).toContain("nests too deeply");
  });

  it("are fine where each goes further into the value", () => {
    expect(accepts({ items: { $ref: "#" } }, [[[]], []])).toBe(true);
  });

  it("are refused or followed to an end in any graph", () => {
    const name = fc.constantFrom("a", "b", "c");
    const reference = fc
      .tuple(fc.constantFrom("$ref", "$dynamicRef"), name, fc.constantFrom("#", "#/$defs/"))
      .map(([keyword, target, prefix]): Json => ({ [keyword]: prefix + target }));
    const holder = fc
      .tuple(
        fc.constantFrom("allOf", "anyOf", "oneOf", "prefixItems"),
        fc.array(fc.oneof(reference, fc.constant(true)), { minLength: 1, maxLength: 3 }),
      )
      .map(([keyword, list]): [string, Json] => [keyword, list]);
    const single = fc
      .tuple(fc.constantFrom("not", "if", "then", "items", "additionalProperties"), reference)
      .map(([keyword, schema]): [string, Json] => [keyword, schema]);
    const part = fc.array(fc.oneof(holder, single), { maxLength: 3 });
    const graph = fc.tuple(part, part, part).map(
      ([a, b, c]): Json => ({
        $ref: "#/$defs/a",
        unevaluatedItems: { $ref: "#/$defs/b" },
        $defs: {
          a: { $dynamicAnchor: "a", ...Object.fromEntries(a) },
          b: { $dynamicAnchor: "b", ...Object.fromEntries(b) },
          c: { $dynamicAnchor: "c", ...Object.fromEntries(c) },
        },
      }),
    );
    fc.assert(
      fc.property(graph, arbitraryValue, (schema, value) => {
        expect(outcomeOf(schema, value)).toBeOneOf(["verdict", "problem"]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("schemas that are too large", () => {
  it("are refused by their size in bytes", () => {
    const room = MAX_SCHEMA_BYTES - '{"title":""}'.length;
    expect(() => compileJsonSchema({ title: "x".repeat(room) })).not.toThrow();
    expect(() => compileJsonSchema({ title: "x".repeat(room + 1) })).toThrow(
      `${MAX_SCHEMA_BYTES} bytes`,
    );
    expect(() => compileJsonSchema({ title: "é".repeat(room / 2 + 1) })).toThrow(
      `${MAX_SCHEMA_BYTES} bytes`,
    );
  });

  it("are refused without being read to the end", () => {
    const wide = Object.fromEntries(indexes(100_000).map((index) => [`p${index}`, true]));
    for (const schema of [{ properties: wide }, { enum: indexes(1_000_000) }]) {
      expect(() => compileJsonSchema(schema)).toThrow(
        expect.objectContaining({ code: "TOO_LARGE" }) as Error,
      );
    }
  });

  it("are refused by their depth, however deep", () => {
    const negated = (levels: number): Json => nested(levels, (inner) => ({ not: inner }));
    const deepest = nested(MAX_SCHEMA_DEPTH - 1, (inner) => ({ default: inner }));
    expect(accepts({ default: deepest }, 1)).toBe(true);
    expect(schemaErrorsOf({ default: { default: deepest } })[0]?.message).toContain("32 levels");
    expect(schemaErrorsOf(negated(100_000))[0]?.message).toContain("32 levels");
  });

  it("are refused by the length of a reference", () => {
    const $ref = `#/${"a".repeat(MAX_REFERENCE_LENGTH)}`;
    expect(schemaErrorsOf({ $ref })[0]?.message).toContain(`${MAX_REFERENCE_LENGTH} characters`);
  });

  it("end in an error, not in an overflow, where references form a long chain", () => {
    const chain = Object.fromEntries(
      indexes(1_500).map((index) => [`d${index}`, { $ref: `#/$defs/d${index + 1}` }]),
    );
    const schema = { $ref: "#/$defs/d0", $defs: { ...chain, d1500: true } };
    expect(costRefusalOf(schema, 1)).toContain("nests too deeply");
  });
});

describe("values that are too much for their schema", () => {
  it.each<[string, Json, Json]>([
    ["items", { items: { type: "integer" } }, indexes(1_000_000)],
    ["unique items", { uniqueItems: true }, indexes(1_000_000)],
    ["unique objects", { uniqueItems: true }, indexes(200_000).map((a) => ({ a }))],
    ["items that none looks for", { contains: false }, indexes(1_000_000)],
    ["texts to count", { items: { minLength: 5 } }, indexes(1_000).map(() => "x".repeat(100_000))],
    [
      "members to require",
      { items: { properties: Object.fromEntries(indexes(1_000).map((i) => [`p${i}`, true])) } },
      indexes(1_000).map(() => Object.fromEntries(indexes(1_000).map((i) => [`p${i}`, 1]))),
    ],
  ])("are given up: %s", (_what, schema, value) => {
    expect(costRefusalOf(schema, value)).toContain("steps");
  });

  const large = Object.fromEntries(indexes(20_000).map((index) => [`p${index}`, index]));
  const often = (schema: Json): Json => ({
    not: { allOf: indexes(2_000).map(() => ({ $ref: "#/$defs/a" })) },
    $defs: { a: { not: schema } },
  });

  it.each<[string, Json]>([
    ["its unknown members", often({ additionalProperties: false })],
    ["its many members", often({ maxProperties: 1 })],
    ["what it should equal", { enum: indexes(5_000).map(() => ({})) }],
    ["what it should be", often({ const: { a: 1 } })],
    ["its names", often({ propertyNames: false })],
    ["its unevaluated members", often({ unevaluatedProperties: false })],
  ])(
    "are given up where a large object is looked through for %s again and again",
    (_why, schema) => {
      expect(costRefusalOf(schema, large)).toContain("steps");
    },
  );

  it("are given up where numbers are divided again and again", () => {
    const value = indexes(100_000).map((index) => index / 100);
    expect(costRefusalOf({ items: { multipleOf: 0.01 } }, value)).toContain("steps");
  });

  it("are checked where they are merely large", () => {
    expect(accepts({ uniqueItems: true, items: { type: "integer" } }, indexes(50_000))).toBe(true);
    expect(accepts({ maxLength: 1_000_000 }, "x".repeat(1_000_000))).toBe(true);
  });

  it.each<[string, Json]>([
    ["a schema that recurs", { items: { $ref: "#" } }],
    [
      "a schema of alternatives that recurs",
      { anyOf: [{ type: "null" }, { items: { $ref: "#" } }] },
    ],
    ["unique items", { uniqueItems: true }],
  ])("nest too deeply for %s", (_what, schema) => {
    const value = [nested(100_000, (inner) => [inner])];
    expect(costRefusalOf(schema, value)).toContain("nests too deeply");
  });

  it("may nest as deeply as configuration does", () => {
    const schema = {
      type: ["array", "integer"],
      anyOf: [{ type: "integer" }, { items: { $ref: "#" } }],
    };
    expect(
      accepts(
        schema,
        nested(64, (inner) => [inner]),
      ),
    ).toBe(true);
  });
});

const letters = (index: number, length: number): string =>
  // Any text will do that repeats itself neither within one text nor between two.
  Array.from({ length }, (_item, at) => "ab"[(Math.imul(index + 7, at * at + 31) >>> 9) % 2]).join(
    "",
  );

describe("patterns", () => {
  it("take no longer on a text that makes a backtracking engine despair", () => {
    const text = `${"a".repeat(20_000)}!`;
    expect(accepts({ pattern: "^(a|a)*$" }, text)).toBe(false);
    expect(accepts({ patternProperties: { "^(a|a)*$": false } }, { [text]: 1 })).toBe(true);
    expect(accepts({ pattern: "^(a+)+$" }, text)).toBe(false);
  });

  it.each([
    ["look-ahead", "(?=a)b", "(?="],
    ["negative look-ahead", "^(?!a)", "(?!"],
    ["look-behind", "(?<=a)b", "(?<"],
    ["a backreference", "(a)\\1", "\\1"],
    ["a named backreference", "(?<n>a)\\k<n>", "\\k"],
    ["inline flags", "(?i)a", "(?i"],
    ["half a surrogate pair", "\\ud83d", "\\u"],
    ["too many repetitions", "a{1001}", "invalid repeat count"],
    ["repetitions of repetitions", "((a{30}){30}){30}", "repeats too much"],
    ["many repetitions", "a{900}b{900}c{900}", "repeats too much"],
    ["too many characters", "a".repeat(MAX_PATTERN_LENGTH + 1), `${MAX_PATTERN_LENGTH} characters`],
  ])("are refused for %s", (_what, pattern, message) => {
    const expected = expect.stringContaining(message) as string;
    expect(schemaErrorsOf({ items: { pattern } })).toEqual([
      { path: "items.pattern", message: expected },
    ]);
    expect(schemaErrorsOf({ patternProperties: { [pattern]: {} } })[0]?.message).toEqual(expected);
  });

  it("are refused where they are too much together", () => {
    const patterns = indexes(20).map((index) => ({ pattern: `[a-z]{900}${index}` }));
    expect(schemaErrorsOf({ allOf: patterns })[0]?.message).toContain("too complex");
    const classes = Object.fromEntries(indexes(1_000).map((index) => [`\\p{L}${index}`, true]));
    expect(schemaErrorsOf({ patternProperties: classes })[0]?.message).toContain("too complex");
  });

  it.each([
    ["remembers too many states", "(a|b)*a(a|b){100}$"],
    ["looks far back", "b(a|b){300}a$"],
    ["has large classes", "^[\\p{L}\\p{N}]{1,500}x"],
  ])("are charged what they cost: one that %s", (_what, pattern) => {
    const texts = indexes(1_000).map((index) => letters(index, 100));
    expect(costRefusalOf({ contains: { pattern }, minContains: 1_000 }, texts)).toContain("steps");
  });

  it("are given up before a match that would take too long", () => {
    const schema = { pattern: "(a|b)*a(a|b){100}$" };
    expect(costRefusalOf(schema, "ab".repeat(1_000_000))).toContain("steps");
  });

  it("cost little where they are simple, however many texts there are", () => {
    const url =
      "^https?://[-a-zA-Z0-9@:%._+~#=]{1,256}\\.[a-zA-Z0-9()]{1,6}\\b([-a-zA-Z0-9()@:%_+.~#?&/=]*)$";
    const texts = indexes(3_000).map(
      (index) => `https://host-${index}.example.com/${letters(index, 9)}`,
    );
    expect(accepts({ items: { pattern: url } }, texts)).toBe(true);
    const name = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    const hosts = indexes(8_000).map((index) => `host-${index}.example.com`);
    expect(accepts({ items: { pattern: name } }, hosts)).toBe(true);
  });

  it("are charged too where values are patterns", () => {
    const texts = indexes(1_000).map((index) => `(a{0,900})${index}`);
    expect(costRefusalOf({ items: { format: "regex" } }, texts)).toContain("steps");
  });

  it("keep to ECMA-262 where RE2 writes things differently", () => {
    expect(accepts({ pattern: "^\\u{1F600}\\/\\cJ(?<name>x)[^]$" }, "😀/\nx!")).toBe(true);
    expect(accepts({ pattern: "^\\p{Letter}\\p{Script=Greek}$" }, "éλ")).toBe(true);
    expect(accepts({ pattern: "^\\\\p{Letter}$" }, "\\p{Letter}")).toBe(true);
    expect(accepts({ pattern: "[]" }, "a")).toBe(false);
    expect(accepts({ pattern: "b" }, "abc")).toBe(true);
  });
});
