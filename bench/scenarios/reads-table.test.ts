import { expect, test } from "vitest";
import type { Measurement } from "../load/job.ts";
import { type Contender, readsTable } from "./reads-table.ts";

const target = { kind: "fixed", port: 1, request: "", status: 200 } as const;
const turn = (requests: number): Measurement => ({
  requests,
  elapsedMs: 1_000,
  p50Ms: 1,
  p99Ms: 2,
  requestBytes: 0,
});
const constant: Contender = { name: "constant", target, beside: {} };
const peer: Contender = { name: "peer", target, beside: {} };
const read: Contender = { name: "read", target, beside: { constant: "constant", Unleash: "peer" } };

test("a ratio is the median of what the rounds gave, not of what the medians give", () => {
  const turns = new Map([
    [constant, [turn(100), turn(1_000), turn(200)]],
    [peer, [turn(10), turn(10), turn(10)]],
    // Of the constant, round by round: 0.9, 0.5 and 0.95.
    [read, [turn(90), turn(500), turn(190)]],
  ]);
  const { ratios, table } = readsTable([{ clients: 8, turns }]);
  expect(ratios).toEqual({ "reads/read/8/constant": 0.9, "reads/read/8/Unleash": 19 });
  expect(table.columns.slice(5)).toEqual(["of the constant", "÷ Unleash"]);
  expect(table.rows.at(-1)?.slice(0, 5)).toEqual(["read", "8", "190", "1.00", "2.00"]);
  expect(table.rows.at(-1)?.slice(5)).toEqual(["0.90", "19.00"]);
});
