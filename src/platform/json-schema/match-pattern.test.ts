import { describe, expect, it, vi } from "vitest";
import { compilePattern, type Pattern } from "./compile-pattern.ts";
import { MAX_MATCH_WORK, MAX_STEPS } from "./limits.ts";
import { matchesPattern } from "./match-pattern.ts";
import { createRun } from "./run.ts";

const compiled = (source: string): Pattern => {
  const pattern = compilePattern(source);
  if (typeof pattern === "string") throw new Error(pattern);
  return pattern;
};

const costOf = (pattern: Pattern, text: string): number => {
  const run = createRun(false);
  matchesPattern(pattern, text, run);
  return MAX_STEPS - run.stepsLeft;
};

/** Texts in which no two stretches are alike, so that RE2 meets new states all the time. */
const noise = (seed: number, length: number): string => {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state & 0x10000 ? "a" : "b";
  }).join("");
};

describe("matchesPattern", () => {
  it("does not begin a match that could take too long", () => {
    const pattern = compiled("^(a|b)*a(a|b){100}$");
    const match = vi.spyOn(pattern.set, "match");
    const text = "a".repeat(MAX_MATCH_WORK / pattern.instructions + 1);
    expect(() => matchesPattern(pattern, text, createRun(false))).toThrow("steps");
    expect(match).not.toHaveBeenCalled();
  });

  it("charges a simple pattern by the length of the text", () => {
    const pattern = compiled("^[a-z0-9]+(?:\\.[a-z0-9]+)*$");
    const text = "host.example.com";
    costOf(pattern, text);
    expect(costOf(pattern, text)).toBe(1 + text.length / 2);
  });

  it("charges a pattern that outgrows its memory for every instruction, each time", () => {
    const pattern = compiled("(a|b)*a(a|b){100}$");
    const text = noise(1, 400);
    const costs = Array.from({ length: 20 }, () => costOf(pattern, text));
    for (const cost of costs) expect(cost).toBeGreaterThan((pattern.instructions * 400) / 20);
  });
});
