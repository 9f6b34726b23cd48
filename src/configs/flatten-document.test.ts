import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FieldError, Problem } from "../errors.ts";
import type { Json, JsonObject } from "../platform/json.ts";
import { isJsonObject } from "../platform/json.ts";
import { flattenDocument } from "./flatten-document.ts";

function refusalsOf(document: Json): readonly FieldError[] {
  try {
    flattenDocument(document);
  } catch (error) {
    if (error instanceof Problem && error.code === "INVALID_INPUT") return error.errors;
    throw error;
  }
  return [];
}

const valuesOf = (document: Json): JsonObject =>
  Object.fromEntries(
    Array.from(flattenDocument(document).entries, ([key, { value }]) => [key, value]),
  );

/** Nests a flat map: at each dot of a key, `splits` says whether a map begins or the name goes on. */
function nest(flat: ReadonlyMap<string, Json>, splits: readonly boolean[]): JsonObject {
  const root: JsonObject = {};
  let turn = 0;
  for (const [key, value] of flat) {
    const [first = "", ...others] = key.split(".");
    const names = [first];
    for (const part of others) {
      const isSplit = splits[turn % splits.length] ?? false;
      turn += 1;
      if (isSplit) names.push(part);
      else names.push(`${names.pop()}.${part}`);
    }
    const last = names.pop() ?? "";
    let map = root;
    for (const name of names) {
      const inner = map[name];
      const next = isJsonObject(inner) ? inner : {};
      map[name] = next;
      map = next;
    }
    map[last] = value;
  }
  return root;
}

const part = fc.stringMatching(/^[a-z][a-z0-9_:-]{0,3}$/);
// A leading digit keeps these apart from every member that an object has from the start.
const key = fc
  .array(part, { minLength: 1, maxLength: 4 })
  .map((parts) => ["0", ...parts].join("."));
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constantFrom(null, true, {}),
  fc.array(fc.integer()),
);

/** Keys of which none is the beginning of another, since a name cannot be a value and a map. */
const flatMap = fc.dictionary(key, leaf, { maxKeys: 12, noNullPrototype: true }).map((members) => {
  const keys = Object.keys(members);
  const isBeginning = (candidate: string): boolean =>
    keys.some((other) => other.startsWith(`${candidate}.`));
  return new Map(Object.entries(members).filter(([name]) => !isBeginning(name)));
});

describe("flattenDocument", () => {
  it("gives back a flat map however it was nested", () => {
    fc.assert(
      fc.property(flatMap, fc.array(fc.boolean(), { minLength: 1 }), (flat, splits) => {
        const { entries, warnings } = flattenDocument(nest(flat, splits));
        expect(new Map(Array.from(entries, ([name, { value }]) => [name, value]))).toStrictEqual(
          flat,
        );
        expect(warnings).toStrictEqual([]);
      }),
    );
  });

  it("joins nested, dotted and mixed names alike", () => {
    expect(valuesOf({ server: { port: 1 } })).toStrictEqual({ "server.port": 1 });
    expect(valuesOf({ "server.port": 1 })).toStrictEqual({ "server.port": 1 });
    expect(valuesOf({ a: { "b.c": { d: 1 } } })).toStrictEqual({ "a.b.c.d": 1 });
  });

  it("keeps lists, scalars and empty maps as values", () => {
    const document = { a: [{ b: { c: 1 } }], d: { e: {} }, f: null, g: "" };
    expect(valuesOf(document)).toStrictEqual({ a: [{ b: { c: 1 } }], "d.e": {}, f: null, g: "" });
    expect(valuesOf({})).toStrictEqual({});
  });

  it("says where each key stands", () => {
    const { entries } = flattenDocument({ "a.b": 1, c: { "d.e": 2 } });
    expect(entries.get("a.b")?.place).toBe("a.b");
    expect(entries.get("c.d.e")?.place).toBe("c › d.e");
  });

  it("warns of a key that is set dotted and nested to equal values, naming both places", () => {
    const document = {
      "management.endpoints.web.exposure.include": "*",
      management: { endpoints: { web: { exposure: { include: "*" } } } },
    };
    const { entries, warnings } = flattenDocument(document);
    expect(entries.size).toBe(1);
    expect(warnings).toStrictEqual([
      {
        path: "management.endpoints.web.exposure.include",
        message:
          'is set twice with the same value, at "management.endpoints.web.exposure.include" and "management › endpoints › web › exposure › include"; one of them can go',
      },
    ]);
    expect(
      flattenDocument({ "a.b": [{ x: 1, y: 2 }], a: { b: [{ y: 2, x: 1 }] } }).warnings,
    ).toHaveLength(1);
  });

  it("refuses a key that is set to different values, naming both places", () => {
    const [refusal] = refusalsOf({ "a.b": 1, a: { b: "1" } });
    expect(refusal?.path).toBe("a.b");
    expect(refusal?.message).toContain('different values at "a.b" and "a › b"');
  });

  it("refuses all illegal keys of a document together, up to 20", () => {
    const document = { "": 1, a: { "b c": 2, ok: 3 }, "-x": 4, ["k".repeat(257)]: 5, ü: 6 };
    expect(refusalsOf(document).map(({ path }) => path.slice(0, 5))).toStrictEqual([
      "",
      "a.b c",
      "-x",
      "kkkkk",
      "ü",
    ]);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`!${index}`, 1]));
    expect(refusalsOf(many)).toHaveLength(20);
  });

  it("takes keys of 256 characters, dotted or nested", () => {
    const [head, tail] = ["a".repeat(128), "b".repeat(127)];
    expect(refusalsOf({ [head]: { [tail]: 1 } })).toStrictEqual([]);
    expect(refusalsOf({ [head]: { [`${tail}b`]: 1 } })).toHaveLength(1);
  });

  it.each([[null], [[1]], ["text"], [1], [true]])("refuses %j, which is not a map", (document) => {
    expect(refusalsOf(document)[0]?.message).toContain("must be a map");
  });
});
