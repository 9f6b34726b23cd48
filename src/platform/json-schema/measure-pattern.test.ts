import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { measurePattern } from "./measure-pattern.ts";
import { translatePattern } from "./translate-pattern.ts";

const sizeOf = (pattern: string): number => {
  const measure = measurePattern(pattern);
  if ("unsupported" in measure) throw new Error(`unsupported: ${measure.unsupported}`);
  return measure.instructions;
};

const words = (text: string): string[] => text.split(" ");

const part = fc.constantFrom(
  ...words(
    "a . ^ $ | ( (?: (?<n> ) [ ] [^ [a-z] [] [^] [:alpha:] - , 9 😀 { } {2} {0,5} {3,} * + ?",
  ),
  ...words(String.raw`\d \\ \] \[ \p{L} \pL \x41 \b \u0041 \u{41}`),
);

describe("measurePattern", () => {
  it("never finds less than RE2 needs", () => {
    let compiled = 0;
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        const pattern = parts.join("");
        const measure = measurePattern(pattern);
        if ("unsupported" in measure) return;
        try {
          const needed = RE2JS.compile(translatePattern(pattern)).programSize();
          compiled += 1;
          expect(measure.instructions).toBeGreaterThanOrEqual(needed);
        } catch (error) {
          if (!(error instanceof Error) || !error.name.startsWith("RE2JS")) throw error;
        }
      }),
      { numRuns: 20_000 },
    );
    expect(compiled).toBeGreaterThan(500);
  });

  it("multiplies what repetitions repeat", () => {
    expect(sizeOf("a{100}")).toBeGreaterThan(100);
    expect(sizeOf("(a{100}){10}")).toBeGreaterThan(1_000);
    expect(sizeOf("((a{10}){10}){10}")).toBeGreaterThan(1_000);
    expect(sizeOf("a{0,900}")).toBeGreaterThan(900);
  });

  it("stays close to what ordinary patterns need", () => {
    for (const pattern of ["^[a-z0-9-]+$", "^\\d{1,3}(\\.\\d{1,3}){3}$", "^(?:a|b|[^\\]{2}])*$"]) {
      expect(sizeOf(pattern)).toBeLessThan(3 * RE2JS.compile(pattern).programSize());
    }
  });
});
