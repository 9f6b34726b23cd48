import { expect, test } from "vitest";
import { type ReachRound, reachTables } from "./reach-table.ts";

const round = (ms: number, bytes: number): ReachRound => ({
  commitMs: [ms],
  freshMs: [ms, ms, ms * 10],
  publishedMs: [ms * 2],
  cpuMs: [ms, ms, ms, ms],
  bytes,
});

test("every number of apps is held against one app, round by round", () => {
  const { ratios, tables } = reachTables(
    new Map([
      [1, [round(1, 100), round(4, 100), round(1, 100)]],
      [1_000, [round(2, 100), round(4, 200), round(3, 300)]],
    ]),
  );
  expect(ratios).toEqual({
    "reach/commit/1000": 2,
    "reach/fresh/1000": 2,
    "reach/published/1000": 2,
    "reach/cpu/1000": 2,
    "reach/bytes/1000": 2,
  });
  const [times, cost] = tables;
  expect(times?.rows[1]?.slice(0, 4)).toEqual(["5,000", "3", "3.00", "2.00"]);
  // Of nine changes, three were ten times as late.
  expect(times?.rows[1]?.slice(4, 7)).toEqual(["4.00", "40.00", "2.00"]);
  expect(times?.rows[1]?.slice(7)).toEqual(["6.00", "8.00", "2.00"]);
  expect(cost?.rows[0]?.slice(-4)).toEqual(["4.00", "", "100", ""]);
});
