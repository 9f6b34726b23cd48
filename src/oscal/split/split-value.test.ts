import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryJson } from "../../../test/helpers/arbitrary-json.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { type Json, jsonSizeBytes } from "../../platform/json.ts";
import { joinPieces } from "./join-pieces.ts";
import { splitValue } from "./split-value.ts";

const objects = fc.dictionary(fc.constantFrom("a", "b", "c", "1", "toString"), arbitraryJson, {
  noNullPrototype: true,
});

describe("a value in parts", () => {
  it("is whole again, and no part is much larger than asked for", () => {
    fc.assert(
      fc.property(objects, fc.integer({ min: 150, max: 400 }), (value, maxBytes) => {
        const parts = splitValue(value, maxBytes);
        expect(joinPieces(parts.flat()) ?? {}).toEqual(value);
        for (const part of parts) {
          expect(jsonSizeBytes(part as unknown as Json)).toBeLessThan(maxBytes * 2);
        }
      }),
      { numRuns: 300 * effort },
    );
  });

  it("keeps lists of many small items in order", () => {
    const list = Array.from({ length: 50_000 }, (_, index) => index);
    const parts = splitValue({ before: 1, list, after: 2 }, 10_000);
    expect(parts.length).toBeGreaterThan(20);
    expect(joinPieces(parts.flat())).toEqual({ before: 1, list, after: 2 });
  });

  it("leaves the pieces alone that it joins", () => {
    const parts = splitValue({ list: ["x".repeat(300), "y".repeat(300)] }, 400);
    const before = structuredClone(parts);
    joinPieces(parts.flat());
    expect(parts).toEqual(before);
  });

  it("refuses a text that no part can hold, and names its place", () => {
    expect(() => splitValue({ a: [{ b: "x".repeat(500) }] }, 400)).toThrow("a[0].b: is a text");
    expect(() => splitValue({ ["n".repeat(500)]: [1] }, 400)).toThrow(
      "or a name, of more than 400",
    );
  });

  it("does not join what does not fit together", () => {
    expect(joinPieces([{ path: ["gone"], items: [1] }])).toBeUndefined();
    const members = { polluted: true };
    expect(joinPieces([{ path: ["__proto__"], members }])).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(joinPieces([{ path: [], items: [1] }])).toBeUndefined();
  });
});
