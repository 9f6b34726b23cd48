import { expect, test } from "vitest";
import { reachTable, startTable } from "./edge-table.ts";

test("a start is held against that of the constant beside it, not against the median of them", () => {
  const { ratios, table } = startTable([
    { constantMs: 10, answerMs: 20, readMs: 40 },
    { constantMs: 100, answerMs: 150, readMs: 1_000 },
    { constantMs: 20, answerMs: 100, readMs: 200 },
  ]);
  expect(ratios).toEqual({ "edge/start/answer": 2, "edge/start/read": 10 });
  expect(table.rows[1]?.slice(1)).toEqual(["20.0 / 100 / 150", "10.0 / 50.0 / 80.0", "2.00"]);
});

test("what the lease adds is of each commit by itself", () => {
  const times = { eventMs: [10, 1, 100], readMs: [11, 501, 103], quietMs: [3, 1, 2] };
  const { rows } = reachTable({ leaseMs: 1_000, pollEveryMs: 5, ...times });
  expect(rows.map((row) => row.slice(1))).toEqual([
    ["3", "2.00", "3.00", "3.00"],
    ["3", "10.00", "100.00", "100.00"],
    ["3", "103.00", "501.00", "501.00"],
    ["3", "3.00", "500.00", "500.00"],
  ]);
});
