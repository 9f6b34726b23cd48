import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMultipleOf } from "./is-multiple-of.ts";

describe("isMultipleOf", () => {
  it.each([
    [19.99, 0.01],
    [0.3, 0.1],
    [4.35, 0.01],
    [1.1, 0.1],
    [-7.5, 2.5],
    [0, 0.7],
    [1e300, 1e-300],
    [12391239123, 1e-8],
    [5e-324, 5e-324],
    [1e21, 64],
  ])("says that %d is a multiple of %d", (value, divisor) => {
    expect(isMultipleOf(value, divisor)).toBe(true);
  });

  it.each([
    [19.995, 0.01],
    [0.35, 0.1],
    [7, 2],
    [1e308, 0.123456789],
    [1e-300, 1],
    [1e300, 7],
  ])("says that %d is no multiple of %d", (value, divisor) => {
    expect(isMultipleOf(value, divisor)).toBe(false);
  });

  it("holds for every price in cents, written with a decimal point", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (cents) => {
        const price = Number(
          `${Math.trunc(cents / 100)}.${String(Math.abs(cents % 100)).padStart(2, "0")}`,
        );
        expect(isMultipleOf(price, 0.01)).toBe(true);
        expect(isMultipleOf(price, 0.05)).toBe(cents % 5 === 0);
      }),
    );
  });
});
