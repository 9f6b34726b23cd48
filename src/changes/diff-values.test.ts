import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryJson } from "../../test/helpers/arbitrary-json.ts";
import { effort } from "../../test/helpers/effort.ts";
import { type Json, jsonEqual } from "../platform/json.ts";
import { diffValues, type ValueDifference } from "./diff-values.ts";

const runs = { numRuns: 500 * effort };

const keys = fc.constantFrom("a", "a.b", "B", "toString", "z");
const arbitraryValues: fc.Arbitrary<Map<string, Json>> = fc
  .uniqueArray(fc.tuple(keys, arbitraryJson), { selector: ([key]) => key })
  .map((entries) => new Map(entries));

/** Makes the changes, and refuses those that do not start from what is there. */
const apply = (
  values: ReadonlyMap<string, Json>,
  differences: readonly ValueDifference[],
): Map<string, Json> => {
  const result = new Map(values);
  for (const difference of differences) {
    const { change, key } = difference;
    expect(result.has(key)).toBe(change !== "added");
    if (change !== "added") expect(result.get(key)).toStrictEqual(difference.before);
    if (change === "removed") result.delete(key);
    else result.set(key, difference.after);
  }
  return result;
};

const invert = (difference: ValueDifference): ValueDifference => {
  const { change, key } = difference;
  if (change === "added") return { change: "removed", key, before: difference.after };
  if (change === "removed") return { change: "added", key, after: difference.before };
  return { change, key, before: difference.after, after: difference.before };
};

describe("diffValues", () => {
  it("leads from one side to the other, key by key in order, and says nothing superfluous", () => {
    fc.assert(
      fc.property(arbitraryValues, arbitraryValues, (before, after) => {
        const differences = diffValues(before, after);
        expect(apply(before, differences)).toEqual(after);
        const named = differences.map(({ key }) => key);
        expect(named).toEqual([...new Set(named)].toSorted());
        for (const difference of differences) {
          if (difference.change !== "changed") continue;
          expect(jsonEqual(difference.before, difference.after)).toBe(false);
        }
      }),
      runs,
    );
  });

  it("is inverted by swapping the sides", () => {
    fc.assert(
      fc.property(arbitraryValues, arbitraryValues, (before, after) => {
        expect(diffValues(after, before)).toStrictEqual(diffValues(before, after).map(invert));
      }),
      runs,
    );
  });

  it("finds no difference to a copy whose members stand in another order", () => {
    const reorder = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(reorder);
      if (typeof value !== "object" || value === null) return value;
      const members = Object.entries(value).toReversed();
      return Object.fromEntries(members.map(([name, member]) => [name, reorder(member)]));
    };
    fc.assert(
      fc.property(arbitraryValues, (values) => {
        const copy = new Map([...values].map(([key, value]) => [key, reorder(value)]));
        expect(diffValues(values, copy)).toEqual([]);
      }),
      runs,
    );
  });

  it("tells a null from an absent key", () => {
    expect(diffValues(new Map(), new Map([["k", null]]))).toEqual([
      { change: "added", key: "k", after: null },
    ]);
    expect(diffValues(new Map([["k", null]]), new Map())).toEqual([
      { change: "removed", key: "k", before: null },
    ]);
  });
});
