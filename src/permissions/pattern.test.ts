import * as fc from "fast-check";
import { describe, expect, it, test, vi } from "vitest";
import { effort } from "../../test/helpers/effort.ts";
import { naiveMatch } from "../../test/helpers/naive-permissions.ts";
import { compilePattern, coversPattern, mayOverlap } from "./pattern.ts";

/** Every text over some letters, up to a length, the empty one included. */
const textsOf = (letters: readonly string[], maxLength: number): string[] => {
  const texts = [""];
  for (let start = 0, length = 0; length < maxLength; length += 1) {
    const end = texts.length;
    for (const text of texts.slice(start)) texts.push(...letters.map((letter) => text + letter));
    start = end;
  }
  return texts;
};

// No pattern has a "c", so it stands for all letters that none has.
const names = textsOf(["a", "b", "c"], 5);
const patterns = textsOf(["a", "b", "*"], 4);

/** The names that a pattern matches, as bits. */
const matched = new Map(
  patterns.map((pattern) => {
    const matches = compilePattern(pattern);
    const bits = names.reduce(
      (sum, name, index) => (matches(name) ? sum | (1n << BigInt(index)) : sum),
      0n,
    );
    return [pattern, bits];
  }),
);
const pairs = [...matched].flatMap((one) =>
  [...matched].map((other) => [...one, ...other] as const),
);

describe("a pattern", () => {
  it("matches what it matches letter by letter, for every short pattern and name", () => {
    const wrong = patterns.flatMap((pattern) => {
      const matches = compilePattern(pattern);
      return names.filter((name) => matches(name) !== naiveMatch(pattern, name));
    });
    expect(wrong).toEqual([]);
  });

  it("does so for long ones", () => {
    const letters = (length: number, ...from: string[]): fc.Arbitrary<string> =>
      fc
        .array(fc.constantFrom(...from), { maxLength: length, size: "max" })
        .map((parts) => parts.join(""));
    const answers = { yes: 0, no: 0 };
    fc.assert(
      fc.property(letters(60, "a", "ab", "*"), letters(120, "a", "a", "b"), (pattern, name) => {
        const expected = naiveMatch(pattern, name);
        answers[expected ? "yes" : "no"] += 1;
        expect(compilePattern(pattern)(name)).toBe(expected);
      }),
      { numRuns: 3_000 * effort },
    );
    expect(Math.min(answers.yes, answers.no)).toBeGreaterThan(100);
  });

  test.each(["", "*", "**", "a*"])('%j does not match "", the scope that names nothing', (text) => {
    expect(compilePattern(text)("")).toBe(false);
  });

  test.each([".", "a.c", "[ab]", "a|b", "^a", "a$", "\\*", "(a+)+", "a?", "%", "_"])(
    "%j has no other signs than *",
    (text) => {
      const matches = compilePattern(text.replaceAll("*", ""));
      expect(matches(text.replaceAll("*", ""))).toBe(true);
      for (const name of ["a", "b", "abc", "aa", "aaa", "x"]) expect(matches(name)).toBe(false);
    },
  );
});

describe("the work of a match", () => {
  it("is one search for each star, each from where the last one ended", () => {
    const name = "a".repeat(256);
    // Tried out one way after the other, each of these takes longer than anybody lives.
    const hostile = [
      `*${"a*".repeat(100)}b*`,
      `a${"*a".repeat(200)}b*a`,
      `*${"aa*".repeat(80)}ab*a`,
      `${"*".repeat(200)}b*`,
      `*${"a*".repeat(300)}`,
    ];
    for (const pattern of hostile) {
      const matches = compilePattern(pattern);
      const search = vi.spyOn(String.prototype, "indexOf");
      const answer = matches(name);
      const starts = search.mock.calls.map(([, from]) => from ?? 0);
      search.mockRestore();
      expect(answer).toBe(false);
      expect(starts.length).toBeGreaterThan(80);
      expect(starts.length).toBeLessThan(pattern.split("*").length);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    }
  });

  it("is no more for covering and overlapping, which compare patterns alone", () => {
    const many = `${"a*".repeat(128)}b`;
    expect(coversPattern(`*${many}`, many)).toBe(true);
    expect(coversPattern(many, `*${many}`)).toBe(false);
    expect(mayOverlap(many, `${"a*".repeat(128)}c`)).toBe(false);
  });
});

describe("covering", () => {
  it("is said only where every name that one matches is matched by the other", () => {
    const wrong = pairs.filter(
      ([outer, outerNames, inner, innerNames]) =>
        coversPattern(outer, inner) && (innerNames & ~outerNames) !== 0n,
    );
    expect(wrong).toEqual([]);
  });

  it("is denied only where a name tells them apart", () => {
    const wrong = pairs.filter(
      ([outer, outerNames, inner, innerNames]) =>
        inner !== "" && !coversPattern(outer, inner) && (innerNames & ~outerNames) === 0n,
    );
    expect(wrong).toEqual([]);
  });

  test.each([
    ["db.*", "db.*"],
    ["*", "db.host"],
    ["*", "*"],
    ["db.*", "db.host"],
    ["db.*", "db.pool.*"],
    ["*.host", "db.*.host"],
    ["db.*.host", "db.*.eu.*.host"],
  ])("%j covers %j", (outer, inner) => {
    expect(coversPattern(outer, inner)).toBe(true);
  });

  test.each([
    ["db.host", "db.*"],
    ["db.*", "*"],
    ["db.pool.*", "db.*"],
    ["db.*", "db*"],
    ["a*b*a", "aba*"],
  ])("%j does not cover %j", (outer, inner) => {
    expect(coversPattern(outer, inner)).toBe(false);
  });
});

describe("overlapping", () => {
  it("is never denied to patterns that match a name in common", () => {
    const wrong = pairs.filter(
      ([one, oneNames, other, otherNames]) =>
        !mayOverlap(one, other) && (oneNames & otherNames) !== 0n,
    );
    expect(wrong).toEqual([]);
  });

  test.each([
    ["db.*", "http.*"],
    ["*.host", "*.port"],
    ["db.host", "db.port"],
    ["db.*", "http.host"],
    ["db.host", "*.port"],
  ])("%j and %j have nothing in common", (one, other) => {
    expect(mayOverlap(one, other)).toBe(false);
    expect(mayOverlap(other, one)).toBe(false);
  });
});
