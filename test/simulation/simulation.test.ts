import { describe, expect, it } from "vitest";
import type { Bug } from "./bugs.ts";
import { type SimulationOptions, simulate } from "./simulate.ts";

describe("the edge, in simulated time", () => {
  it("keeps its promises to readers of 300 locations, whatever is lost, late or killed", async () => {
    for (const seed of [1]) {
      const { figures, violation } = await simulate({ seed, steps: 40_000 });
      expect({ seed, violation }).toEqual({ seed, violation: undefined });
      // What is to be lived through has happened.
      expect(figures.kv.misses).toBeGreaterThan(0);
      expect(figures.kv.altered).toBeGreaterThan(0);
      expect(figures.edge.restarts).toBeGreaterThan(0);
      expect(figures.authority.moves).toBeGreaterThan(5);
      expect(figures.reads.atOnce).toBeGreaterThan(figures.reads.reads / 10);
    }
  }, 120_000);

  it("lives through restores, refills and a head authority that is killed", async () => {
    const happened = { kills: 0, fills: 0, restores: 0 };
    for (const seed of [3, 4, 5, 6]) {
      const { figures, violation } = await simulate({ seed, steps: 30_000, locations: 20 });
      expect({ seed, violation }).toEqual({ seed, violation: undefined });
      happened.kills += figures.authority.kills;
      happened.fills += figures.authority.fills;
      happened.restores += figures.writing.restores;
    }
    for (const times of Object.values(happened)) expect(times).toBeGreaterThan(0);
  }, 120_000);

  it("repeats a seed step by step", async () => {
    const options: SimulationOptions = { seed: 9, steps: 10_000, locations: 20 };
    expect(await simulate(options)).toEqual(await simulate(options));
  }, 60_000);
});

/** A bug shows where faults hit the moment for it. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

const ruleBrokenBy = async (bug: Bug): Promise<string | undefined> => {
  for (const seed of seeds) {
    const { violation } = await simulate({ seed, steps: 40_000, locations: 60, bug });
    if (violation !== undefined) return violation.rule;
  }
  return undefined;
};

describe("the simulation notices", () => {
  const cases: readonly (readonly [Bug, rule: string])[] = [
    ["heads go before their documents", "everything is answered while connected"],
    ["a revision is taken without the one before", "an answer is one revision, whole"],
    ["a delta is taken without the one before", "an answer is one revision, whole"],
    ["the lease begins with the answer", "what is older than the lease is marked"],
    ["nothing is asked again past the lease", "nothing is marked while connected"],
    ["a miss of KV is an empty layer", "an answer is one revision, whole"],
  ];

  it.each(cases)(
    "that %s",
    async (bug, rule) => {
      expect(await ruleBrokenBy(bug)).toBe(rule);
    },
    120_000,
  );
});
