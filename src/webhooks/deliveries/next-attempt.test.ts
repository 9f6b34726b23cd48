import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextAttempt } from "./next-attempt.ts";

const middle = (): number => 0.5;
const secondsAfter = (attempts: number, random = middle): number | undefined => {
  const waitMs = nextAttempt({ attempts }, random);
  return waitMs === undefined ? undefined : Math.round(waitMs / 1_000);
};

describe("the wait after a failed attempt", () => {
  it("is that of the schedule, and there is none after the tenth", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((attempts) => secondsAfter(attempts))).toEqual([
      5,
      300,
      1_800,
      7_200,
      18_000,
      36_000,
      50_400,
      72_000,
      86_400,
      undefined,
      undefined,
    ]);
  });

  it("varies by a tenth", () => {
    const chances = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), chances, (attempts, chance) => {
        const plain = nextAttempt({ attempts }, middle) ?? Number.NaN;
        const waitMs = nextAttempt({ attempts }, () => chance) ?? Number.NaN;
        expect(waitMs).toBeGreaterThanOrEqual(plain * 0.899);
        expect(waitMs).toBeLessThanOrEqual(plain * 1.101);
      }),
    );
    expect(secondsAfter(9, () => 0)).toBe(77_760);
    expect(secondsAfter(9, () => 1)).toBe(95_040);
  });

  it("is what a 429 or 503 asks for where that is longer than the schedule's, up to a day", () => {
    const asked = (status: number, retryAfterMs: number, attempts = 1, random = () => 0) =>
      nextAttempt({ attempts, status, retryAfterMs }, random);
    expect(asked(429, 60_000)).toBe(60_000);
    expect(asked(503, 60_000, 1, () => 1)).toBe(66_000);
    expect(asked(503, 1e12)).toBe(86_400_000);
    expect(asked(503, 1e12, 1, () => 1)).toBe(86_400_000);
    expect(asked(429, 60_000, 10)).toBeUndefined();
  });

  it("is never shorter than the schedule's, whatever a receiver asks for", () => {
    const waits = { attempts: fc.integer({ min: 1, max: 9 }), status: fc.constantFrom(429, 503) };
    const asking = fc.record({ ...waits, retryAfterMs: fc.nat({ max: 1e9 }) });
    const chances = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(asking, chances, (asked, chance) => {
        const plannedMs = nextAttempt({ attempts: asked.attempts }, () => chance) ?? Number.NaN;
        expect(nextAttempt(asked, () => chance)).toBeGreaterThanOrEqual(plannedMs);
      }),
    );
    const briefly = { status: 503, retryAfterMs: 1_000 };
    expect(nextAttempt({ attempts: 5, ...briefly }, middle)).toBe(18_000_000);
  });

  it("is the schedule's where another status asks", () => {
    const waitMs = nextAttempt({ attempts: 1, status: 500, retryAfterMs: 60_000 }, middle);
    expect(waitMs).toBe(5_000);
  });
});
