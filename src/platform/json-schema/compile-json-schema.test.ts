import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FieldError, Problem } from "../../errors.ts";
import type { Json } from "../json.ts";
import { compileJsonSchema } from "./compile-json-schema.ts";
import { MAX_ERRORS } from "./limits.ts";
import { arbitrarySchema, arbitraryValue } from "./testing/arbitrary-schema.ts";
import { accepts, schemaErrorsOf } from "./testing/refusal-of.ts";

const errorsOf = (schema: Json, value: Json): FieldError[] =>
  compileJsonSchema(schema).validate(value);

const service = {
  type: "object",
  required: ["host", "port"],
  additionalProperties: false,
  properties: {
    host: { type: "string", format: "hostname" },
    port: { type: "integer", minimum: 1, maximum: 65535 },
    mode: { enum: ["primary", "replica"] },
    tags: { type: "array", items: { type: "string", maxLength: 5 }, uniqueItems: true },
  },
};

describe("what a value's author reads", () => {
  it("finds nothing wrong with a valid value", () => {
    expect(errorsOf(service, { host: "db.internal", port: 5432, tags: ["a", "b"] })).toEqual([]);
  });

  it("names every wrong place and what is expected there", () => {
    const value = { host: 1, port: 0, mode: "leader", tags: ["short", "too long"], colour: "red" };
    expect(errorsOf(service, value)).toEqual([
      { path: "host", message: "must be a string, not a number" },
      { path: "port", message: "must be at least 1" },
      { path: "mode", message: 'must be "primary" or "replica"' },
      { path: "tags.1", message: "must have at most 5 characters" },
      { path: "colour", message: "is not allowed here" },
    ]);
  });

  it("puts a missing member where it should stand", () => {
    expect(errorsOf(service, { port: 1 })).toEqual([{ path: "host", message: "is required" }]);
  });

  it("uses the empty path for the value itself", () => {
    expect(errorsOf({ type: "integer" }, 1.5)).toEqual([
      { path: "", message: "must be an integer, not a number with a fraction" },
    ]);
  });

  it("says why each of a few alternatives does not fit", () => {
    const schema = { anyOf: [{ type: "string" }, { properties: { ttl: { minimum: 1 } } }] };
    expect(errorsOf({ properties: { cache: schema } }, { cache: { ttl: 0 } })).toEqual([
      {
        path: "cache",
        message:
          "matches none of the 2 alternatives: must be a string, not an object; or cache.ttl must be at least 1",
      },
    ]);
  });

  it("says which alternatives match when only one may", () => {
    expect(errorsOf({ oneOf: [{ minimum: 1 }, false, { maximum: 9 }] }, 5)).toEqual([
      { path: "", message: "must match exactly one of the alternatives, but matches 1 and 3" },
    ]);
  });

  it("says which items of an array are equal, whatever the order of their members", () => {
    const value = [{ a: 1, b: [2] }, { a: 1 }, { b: [2], a: 1 }];
    expect(errorsOf({ uniqueItems: true }, value)).toEqual([
      { path: "", message: "must not hold equal items, but items 0 and 2 are equal" },
    ]);
  });

  it("reports at most twenty errors, none of them twice", () => {
    const value = Array.from({ length: 500 }, () => "x");
    const errors = errorsOf(
      { allOf: [{ items: { type: "null" } }, { items: { type: "null" } }] },
      value,
    );
    expect(errors).toHaveLength(MAX_ERRORS);
    expect(new Set(errors.map(({ path }) => path)).size).toBe(MAX_ERRORS);
  });

  it("never repeats what a value holds", () => {
    const secret = "hunter2-canary";
    const value = fc.dictionary(
      fc.constantFrom("a", "b", "c"),
      fc.oneof(fc.constant<Json>(secret), fc.constant<Json>([secret, { a: secret }])),
    );
    fc.assert(
      fc.property(arbitrarySchema, value, (schema, held) => {
        expect(JSON.stringify(errorsOf(schema, held))).not.toContain(secret);
      }),
    );
  });

  it("cuts names of members that are very long", () => {
    const [error] = errorsOf({ additionalProperties: false }, { ["n".repeat(10_000)]: 1 });
    expect(error?.path.length).toBeLessThan(200);
  });
});

describe("what a schema's author reads", () => {
  it.each<[string, Json, string, string]>([
    ["no schema", 5, "", "must be a schema"],
    ["null", null, "", "must be a schema"],
    ["an array", [], "", "must be a schema"],
    ["an unknown type", { type: "int" }, "type", "integer"],
    ["a type that is a number", { properties: { a: { type: 5 } } }, "properties.a.type", "must be"],
    ["a bound that is a string", { minimum: "x" }, "minimum", "must be a number"],
    ["a negative length", { minLength: -1 }, "minLength", "integer of 0 or more"],
    ["multiples of nothing", { multipleOf: 0 }, "multipleOf", "above 0"],
    ["required that is a flag", { required: true }, "required", "array of different strings"],
    ["a name required twice", { required: ["a", "a"] }, "required", "different"],
    ["an enum that is no list", { enum: "a" }, "enum", "must be an array"],
    ["items of the old form", { items: [{}] }, "items", "prefixItems"],
    ["no alternatives", { anyOf: [] }, "anyOf", "array of schemas"],
    ["an alternative that is no schema", { oneOf: [true, 1] }, "oneOf.1", "must be a schema"],
    ["properties that are a list", { properties: [] }, "properties", "object of schemas"],
    [
      "an older dialect",
      { $schema: "http://json-schema.org/draft-07/schema#" },
      "$schema",
      "2020-12",
    ],
    ["an anchor that is no name", { $anchor: "1 a" }, "$anchor", "must be a name"],
    ["two schemas of one name", { $anchor: "a", not: { $anchor: "a" } }, "not.$anchor", "already"],
    ["an id with a fragment", { $id: "#a" }, "$id", "fragment"],
    ["a broken pattern", { pattern: "(" }, "pattern", "missing closing )"],
    ["a broken name pattern", { patternProperties: { "[": {} } }, "patternProperties.[", "RE2"],
  ])("refuses %s", (_what, schema, path, message) => {
    expect(schemaErrorsOf(schema)).toEqual([
      { path, message: expect.stringContaining(message) as string },
    ]);
  });

  it("shows all mistakes at once", () => {
    const schema = { type: 1, properties: { a: { maximum: "9" }, b: 4 } };
    expect(schemaErrorsOf(schema).map(({ path }) => path)).toEqual([
      "properties.a.maximum",
      "properties.b",
      "type",
    ]);
  });

  it("shows no more than twenty of them, nor long names in full", () => {
    const mistakes = Array.from({ length: 50 }, (_item, index) => [`${index}`.padEnd(999, "-"), 5]);
    const errors = schemaErrorsOf({ properties: Object.fromEntries(mistakes) });
    expect(errors).toHaveLength(MAX_ERRORS);
    expect(errors[0]?.path.length).toBeLessThan(200);
  });

  it.each([
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema#",
  ])("accepts $schema %s", ($schema) => {
    expect(accepts({ $schema, type: "null" }, null)).toBe(true);
  });

  it("lets keywords pass that the standard does not know", () => {
    expect(accepts({ "x-owner": { type: 5 }, default: 1, format: "made-up" }, "x")).toBe(true);
  });
});

const tree = (reference: Json): Json => ({
  $dynamicAnchor: "node",
  type: "object",
  required: ["name"],
  properties: { children: { type: "array", items: reference } },
});

/** A schema of its own that checks a type by a dynamic anchor. */
const part = ($id: string, type: string): Json => ({
  $id,
  $dynamicRef: "#kind",
  $defs: { kind: { $dynamicAnchor: "kind", type } },
});

describe("references", () => {
  it.each<[string, Json, string, string]>([
    [
      "to another host",
      { $ref: "https://example.com/a.json" },
      "$ref",
      "https://example.com/a.json",
    ],
    ["to a file", { items: { $ref: "file:///etc/passwd" } }, "items.$ref", "file:///etc/passwd"],
    ["to a neighbour", { $ref: "other.json#/a" }, "$ref", "other.json"],
    [
      "to the meta-schema",
      { $ref: "https://json-schema.org/draft/2020-12/schema" },
      "$ref",
      "never read",
    ],
    ["dynamically to elsewhere", { $dynamicRef: "a.json#x" }, "$dynamicRef", "a.json#x"],
    ["to nothing", { $ref: "#/$defs/missing" }, "$ref", "#/$defs/missing"],
    ["to no anchor", { $ref: "#missing" }, "$ref", "#missing"],
    ["to what is no schema", { enum: [{}], $ref: "#/enum/0" }, "$ref", "points to no schema"],
    ["to what every object has", { $ref: "#/$defs/toString" }, "$ref", "points to no schema"],
    ["to a prototype", { $ref: "#/__proto__" }, "$ref", "points to no schema"],
    ["with broken escapes", { $ref: "#/$defs/%E0%A4%A" }, "$ref", "points to no schema"],
  ])("refuses one %s", (_what, schema, path, message) => {
    expect(schemaErrorsOf(schema)).toEqual([
      { path, message: expect.stringContaining(message) as string },
    ]);
  });

  it("follows pointers, anchors and ids inside the document", () => {
    const schema = {
      $id: "https://example.com/root",
      properties: {
        pointer: { $ref: "#/$defs/a~1b%25" },
        anchor: { $ref: "#small" },
        id: { $ref: "part#/$defs/inner" },
      },
      $defs: {
        "a/b%": { type: "string" },
        c: { $anchor: "small", maximum: 9 },
        d: { $id: "part", $defs: { inner: { type: "null" } } },
      },
    };
    expect(accepts(schema, { pointer: "x", anchor: 9, id: null })).toBe(true);
    expect(errorsOf(schema, { pointer: 1, anchor: 10, id: 0 }).map(({ path }) => path)).toEqual([
      "pointer",
      "anchor",
      "id",
    ]);
  });

  it("goes down a recursive value, with a dynamic anchor too", () => {
    const value = { name: "a", children: [{ name: "b", children: [{ children: [] }] }] };
    for (const reference of [{ $ref: "#" }, { $dynamicRef: "#node" }]) {
      expect(errorsOf(tree(reference), value)).toEqual([
        { path: "children.0.children.0.name", message: "is required" },
      ]);
    }
  });

  it("lets a schema around replace a dynamic anchor", () => {
    const schema = {
      $id: "https://example.com/strict",
      $dynamicAnchor: "node",
      $ref: "open",
      unevaluatedProperties: false,
      $defs: {
        open: {
          $id: "open",
          $dynamicAnchor: "node",
          properties: { next: { $dynamicRef: "#node" } },
        },
      },
    };
    expect(errorsOf(schema, { next: { next: { typo: 1 } } })).toEqual([
      { path: "next.next.typo", message: "is not allowed here" },
    ]);
  });

  it("forgets the dynamic anchors of a schema that it has left", () => {
    const schema = {
      $defs: { a: part("a", "object"), b: part("b", "integer") },
      properties: { first: { $ref: "a" }, second: { $ref: "b" } },
    };
    expect(accepts(schema, { first: {}, second: 1 })).toBe(true);
    expect(accepts(schema, { first: {}, second: {} })).toBe(false);
  });
});

describe("names that every object has", () => {
  const names = ["toString", "hasOwnProperty", "valueOf", "length", "constructor", "__proto__"];

  it.each(names)("takes %s for a name like any other in a value", (name) => {
    const held: Json = JSON.parse(`{ ${JSON.stringify(name)}: 1 }`);
    expect(accepts({ properties: { a: { type: "string" } } }, held)).toBe(true);
    expect(accepts({ additionalProperties: false }, held)).toBe(false);
    expect(accepts({ required: [name] }, held)).toBe(true);
    expect(accepts({ required: [name] }, {})).toBe(false);
    expect(accepts({ uniqueItems: true }, [held, {}])).toBe(true);
    expect(accepts({ const: held }, {})).toBe(false);
    expect(accepts({ const: {} }, held)).toBe(false);
  });

  it.each(names)("takes %s for a name like any other in a schema", (name) => {
    const schema: Json = JSON.parse(
      `{ "properties": { ${JSON.stringify(name)}: { "type": "string" } }, "additionalProperties": false }`,
    );
    const held: Json = JSON.parse(`{ ${JSON.stringify(name)}: 1 }`);
    expect(accepts(schema, {})).toBe(true);
    expect(errorsOf(schema, held)).toEqual([
      { path: name, message: "must be a string, not a number" },
    ]);
    const dependent: Json = JSON.parse(
      `{ "dependentRequired": { ${JSON.stringify(name)}: ["a"] } }`,
    );
    expect(accepts(dependent, {})).toBe(true);
    expect(accepts(dependent, held)).toBe(false);
  });
});

describe("what has been compiled", () => {
  it("is shared by schemas that are equal, in whatever order they are written", () => {
    const first = compileJsonSchema({ type: "string", title: "shared", minLength: 1 });
    expect(compileJsonSchema({ minLength: 1, title: "shared", type: "string" })).toBe(first);
    expect(compileJsonSchema({ minLength: 2, title: "shared", type: "string" })).not.toBe(first);
  });

  it("does not change with the object that it was compiled from", () => {
    const schema = { title: "changes", enum: ["a"] };
    const compiled = compileJsonSchema(schema);
    schema.enum.push("b");
    expect(compiled.validate("b")).toHaveLength(1);
    expect(accepts(schema, "b")).toBe(true);
  });
});

/** The verdict, or that there is none since it would cost too much. */
const verdictOf = (schema: Json, value: Json): boolean | "refused" => {
  try {
    return accepts(schema, value);
  } catch (error) {
    if (error instanceof Problem && error.code === "UNPROCESSABLE") return "refused";
    throw error;
  }
};

describe("any schema and any value", () => {
  it("gives a verdict, or a problem and no other error", () => {
    fc.assert(
      fc.property(arbitrarySchema, arbitraryValue, (schema, value) => {
        expect(verdictOf(schema, value)).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives a verdict, or a problem, where keywords hold just anything", () => {
    const keyword = fc.constantFrom(
      ..."type enum required items prefixItems anyOf not if properties dependentSchemas".split(" "),
      ..."$ref $dynamicRef $id $anchor $dynamicAnchor $defs pattern format const".split(" "),
    );
    const anything = fc.dictionary(keyword, fc.jsonValue() as fc.Arbitrary<Json>, { maxKeys: 4 });
    fc.assert(
      fc.property(anything, arbitraryValue, (schema, value) => {
        expect(verdictOf(schema, value)).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives the same verdict however a schema is wrapped", () => {
    fc.assert(
      fc.property(arbitrarySchema, arbitraryValue, (schema, value) => {
        const verdict = verdictOf(schema, value);
        fc.pre(verdict !== "refused");
        const wrapped: Json[] = [
          { allOf: [schema] },
          { anyOf: [schema, false] },
          { oneOf: [false, schema] },
          { if: false, else: schema },
          { not: { not: schema } },
          { $ref: "#/$defs/a", $defs: { a: schema } },
          { $dynamicRef: "#a", $defs: { a: { $dynamicAnchor: "a", allOf: [schema] } } },
        ];
        for (const other of wrapped) expect(verdictOf(other, value)).toBe(verdict);
        expect(verdictOf({ not: schema }, value)).toBe(!verdict);
        expect(verdictOf({ items: schema }, [value])).toBe(verdict);
        expect(verdictOf({ contains: schema }, [value])).toBe(verdict);
        expect(verdictOf({ properties: { toString: schema } }, { toString: value })).toBe(verdict);
        expect(verdictOf({ unevaluatedProperties: schema }, { a: value })).toBe(verdict);
      }),
      { numRuns: 500 },
    );
  });

  it("knows a value as equal to itself and as one of its kind", () => {
    fc.assert(
      fc.property(arbitraryValue, arbitraryValue, (value, other) => {
        expect(accepts({ const: value }, value)).toBe(true);
        expect(accepts({ enum: [other, value] }, value)).toBe(true);
        expect(accepts({ uniqueItems: true }, [value, value])).toBe(false);
        const differ = !accepts({ const: value }, other);
        expect(accepts({ uniqueItems: true }, [value, other])).toBe(differ);
      }),
    );
  });
});
