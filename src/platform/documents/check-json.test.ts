import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FieldError, Problem } from "../../errors.ts";
import { checkJson } from "./check-json.ts";
import { arbitraryJson } from "./testing/arbitrary-json.ts";

const limits = { maxDepth: 8, maxNodes: 100 };

function refusalsOf(value: unknown, own = limits): readonly FieldError[] {
  try {
    checkJson(value, own);
  } catch (error) {
    if (error instanceof Problem && error.code === "INVALID_INPUT") return error.errors;
    throw error;
  }
  return [];
}

describe("checkJson", () => {
  it("takes every JSON value", () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(refusalsOf(value, { maxDepth: 64, maxNodes: 100_000 })).toStrictEqual([]);
      }),
    );
  });

  it("takes objects without a prototype", () => {
    const bare: unknown = Object.assign(Object.create(null), { a: 1 });
    expect(refusalsOf(bare)).toStrictEqual([]);
  });

  it.each([
    ["undefined", [undefined], "0"],
    ["a hole in a list", Array.from({ length: 1 }), "0"],
    ["a bigint", { a: 1n }, "a"],
    ["a function", { a: () => 1 }, "a"],
    ["a symbol", [Symbol("s")], "0"],
    ["a date", { at: new Date(0) }, "at"],
    ["a Map", { a: { b: new Map() } }, "a.b"],
    ["NaN", [Number.NaN], "0"],
    ["infinity", [Number.NEGATIVE_INFINITY], "0"],
    ["an integer beyond 2^53", { a: 2 ** 53 + 2 }, "a"],
    ["U+0000", { a: "\0" }, "a"],
    ["a lone surrogate", ["\ud800"], "0"],
    ["a forbidden name", JSON.parse('{"a":{"__proto__":1}}'), "a.__proto__"],
  ])("refuses %s and names its place", (_, value, path) => {
    expect(refusalsOf(value).map((refusal) => refusal.path)).toStrictEqual([path]);
  });

  it("refuses what is too deep, without end or too much, before the stack runs out", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(refusalsOf(cycle)[0]?.message).toContain("deeper than 8 levels");
    expect(refusalsOf(Array(200).fill(0))[0]?.message).toContain("more than 100 values");
  });

  it("reports up to 20 places together", () => {
    expect(refusalsOf([undefined, { a: Number.NaN }])).toHaveLength(2);
    expect(refusalsOf(Array(50).fill(undefined))).toHaveLength(20);
  });
});
