import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryJson } from "../../test/helpers/arbitrary-json.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Json } from "./json.ts";

const reversed = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, reversed(member)] as const);
  return Object.fromEntries(members.toReversed());
};

describe("canonical JSON", () => {
  it("is the same text for equal values, and says what they say", () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(reversed(value))).toBe(text);
        expect(JSON.parse(text)).toEqual(value);
      }),
    );
  });

  it("is written as RFC 8785 says", () => {
    const value = { "\u20ac": 1, "\r": 2, "1": [-0, 1e21, 4.5, 1e-7], ö: '\u000f\n"\\/€' };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":[0,1e+21,4.5,1e-7],"ö":"\\u000f\\n\\"\\\\/€","€":1}',
    );
  });
});
