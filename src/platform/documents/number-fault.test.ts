import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberFault, radixNumberFault } from "./number-fault.ts";

/** A decimal as an exact fraction of whole numbers, so that no digit is lost on the way. */
function exact(source: string): { numerator: bigint; denominator: bigint } {
  const [mantissa = "", exponent = "0"] = source.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const power = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return power >= 0
    ? { numerator: digits * 10n ** BigInt(power), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-power) };
}

function isSameValue(left: string, right: string): boolean {
  const [one, other] = [exact(left), exact(right)];
  return one.numerator * other.denominator === other.numerator * one.denominator;
}

const digits = fc.stringMatching(/^[0-9]{1,20}$/);

describe("numberFault", () => {
  it("passes every double up to 2^53 as JavaScript prints it", () => {
    fc.assert(
      fc.property(fc.double({ min: -(2 ** 53), max: 2 ** 53, noNaN: true }), (value) => {
        expect(numberFault(String(value))).toBeUndefined();
      }),
    );
  });

  it("passes exactly the decimals whose value the double prints again", () => {
    fc.assert(
      fc.property(digits, digits, fc.integer({ min: -40, max: 15 }), (whole, fraction, power) => {
        const source = `${whole}.${fraction}e${power}`;
        const value = Number(source);
        const survives = value <= 2 ** 53 && isSameValue(source, String(value));
        expect(numberFault(source) === undefined).toBe(survives);
      }),
      { numRuns: 1000 },
    );
  });

  const kept =
    "0 -0 0.0 0e5 1.0 1e3 1E+3 0.1 0.30000000000000004 -1.50 100e-2 5e-324 +5 .5 5. 007 " +
    "9007199254740992 -9007199254740992 9007199254740992.000 0.1000000000000000000000000";

  it.each(kept.split(" "))("passes %s", (source) => {
    expect(numberFault(source)).toBeUndefined();
  });

  it.each([
    ["9007199254740993", "would become 9007199254740992"],
    ["9007199254740994", "beyond 2^53"],
    ["-9007199254740993", "would become"],
    ["100000000000000000000", "beyond 2^53"],
    ["1e20", "beyond 2^53"],
    ["1e400", "beyond 2^53"],
    ["-1e400", "beyond 2^53"],
    ["1e99999999999999999999", "beyond 2^53"],
    ["1e-400", "would become 0"],
    ["1e-99999999999999999999", "would become 0"],
    ["0.1000000000000000055511151231257827", "more digits"],
    ["3.14159265358979323846", "more digits"],
  ])("refuses %s: %s", (source, reason) => {
    expect(numberFault(source)).toContain(reason);
    expect(numberFault(source)).toContain("send it as a string");
  });

  it("judges long runs of digits in linear time, and does not echo them", () => {
    const zeros = "0".repeat(2_000_000);
    expect(numberFault(`0.${zeros}1`)).toContain("would become 0");
    expect(numberFault(`1${zeros}1`)).toContain("beyond 2^53");
    expect(numberFault(`1.${zeros}`)).toBeUndefined();
    expect(numberFault(`1${zeros}e-2000000`)).toBeUndefined();
    expect(numberFault(`1.${zeros}1`)?.length).toBeLessThan(300);
  }, 10_000);
});

describe("radixNumberFault", () => {
  it("passes up to 2^53 and refuses what lies beyond", () => {
    expect(radixNumberFault("0x1F")).toBeUndefined();
    expect(radixNumberFault("0o17")).toBeUndefined();
    expect(radixNumberFault("0x20000000000000")).toBeUndefined();
    expect(radixNumberFault("0x20000000000001")).toContain("beyond 2^53");
    expect(radixNumberFault(`0x${"f".repeat(500)}`)).toContain("beyond 2^53");
  });
});
