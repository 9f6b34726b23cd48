import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { arbitraryJson } from "../../test/helpers/arbitrary-json.ts";
import { effort } from "../../test/helpers/effort.ts";
import { naiveMergePatch, naiveResolve } from "../../test/helpers/naive-resolve.ts";
import { isJsonObject, type Json } from "../platform/json.ts";
import { type LayerEntry, mergePatch, resolveChain, resolveLayers, scopesOf } from "./resolve.ts";

const runs = { numRuns: 500 * effort };

const freeze = <Value>(value: Value): Value => {
  if (typeof value === "object" && value !== null) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
};

describe("mergePatch", () => {
  const examples: readonly [target: Json, patch: Json, result: Json][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];

  test.each(examples)("RFC 7396, appendix A: %j patched with %j is %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toStrictEqual(result);
  });

  it("does what the RFC's pseudo-code does, and changes neither argument", () => {
    fc.assert(
      fc.property(fc.option(arbitraryJson, { nil: undefined }), arbitraryJson, (target, patch) => {
        expect(mergePatch(freeze(target), freeze(patch))).toStrictEqual(
          naiveMergePatch(target, patch),
        );
      }),
      runs,
    );
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(arbitraryJson, arbitraryJson, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toStrictEqual(once);
      }),
      runs,
    );
  });

  it("makes no member null", () => {
    const holdsNull = (value: Json): boolean =>
      isJsonObject(value) &&
      Object.values(value).some((member) => member === null || holdsNull(member));
    fc.assert(
      fc.property(arbitraryJson, (patch) => {
        expect(holdsNull(mergePatch(undefined, patch))).toBe(false);
      }),
      runs,
    );
  });
});

const app = "billing";
const environment = "production";

/** Four layers, weakest first, with at most one entry of each of three keys. */
const arbitraryLayers: fc.Arbitrary<LayerEntry[][]> = fc
  .tuple(...scopesOf(app, environment).map(() => fc.uniqueArray(fc.constantFrom("k", "l", "m"))))
  .chain((keys) =>
    fc.tuple(
      ...keys.map((names, strength) =>
        fc.tuple(...names.map((key) => arbitraryEntry(key, strength))),
      ),
    ),
  );

const arbitraryEntry = (key: string, strength: number): fc.Arbitrary<LayerEntry> =>
  fc.record({
    id: fc.constant(`${key}-${strength}`),
    app: fc.constant(scopesOf(app, environment)[strength]![0]),
    environment: fc.constant(scopesOf(app, environment)[strength]![1]),
    key: fc.constant(key),
    version: fc.nat(),
    revision: fc.nat(),
    value: arbitraryJson,
    schema: fc.constant(undefined),
    description: fc.constant(undefined),
    merge: fc.constantFrom("replace" as const, "deep" as const, "deep" as const),
  });

describe("resolution", () => {
  it("knows the scopes of a position, weakest first: the app is stronger than the environment", () => {
    expect(scopesOf(app, environment)).toEqual([
      ["", ""],
      ["", environment],
      [app, ""],
      [app, environment],
    ]);
    expect(scopesOf(app, "")).toEqual([
      ["", ""],
      [app, ""],
    ]);
    expect(scopesOf("", environment)).toEqual([
      ["", ""],
      ["", environment],
    ]);
    expect(scopesOf("", "")).toEqual([["", ""]]);
  });

  it("resolves a chain as the naive model does, with its winner and its contributors", () => {
    fc.assert(
      fc.property(arbitraryLayers, (layers) => {
        const chain = freeze(layers.flat().filter(({ key }) => key === "k"));
        expect(resolveChain(chain)).toStrictEqual(naiveResolve(chain));
      }),
      runs,
    );
  });

  it("resolves whole layers to what each key's chain resolves to, and nothing else", () => {
    fc.assert(
      fc.property(arbitraryLayers, (layers) => {
        const keys = [...new Set(layers.flat().map(({ key }) => key))];
        const expected = keys.map((key) => [
          key,
          resolveChain(layers.flat().filter((entry) => entry.key === key)),
        ]);
        expect([...resolveLayers(freeze(layers))]).toStrictEqual(expected);
      }),
      runs,
    );
  });

  it("takes the entries of all layers in one list too, as they are read from the store", () => {
    fc.assert(
      fc.property(arbitraryLayers, (layers) => {
        const byKey = layers
          .flat()
          .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
        expect(new Map(resolveLayers([byKey]))).toStrictEqual(new Map(resolveLayers(layers)));
      }),
      runs,
    );
  });

  it("reports the strongest owner even where a weaker one's value shows through", () => {
    const of = (strength: number, value: Json, merge: "replace" | "deep"): LayerEntry => {
      const [ofApp, ofEnvironment] = scopesOf(app, environment)[strength]!;
      const scope = { app: ofApp, environment: ofEnvironment };
      const rest = { version: 1, revision: 1, schema: undefined, description: undefined };
      return { id: String(strength), key: "k", value, merge, ...scope, ...rest };
    };
    const chain = [
      of(0, { a: 1 }, "replace"),
      of(1, { b: 1, c: 1 }, "replace"),
      of(2, { c: 2 }, "deep"),
      of(3, { d: 3, b: null }, "deep"),
    ];
    const resolved = resolveChain(chain);
    expect(resolved?.value).toStrictEqual({ c: 2, d: 3 });
    expect(resolved?.winner.id).toBe("3");
    expect(resolved?.contributors.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  });
});
