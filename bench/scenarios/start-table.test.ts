import { expect, test } from "vitest";
import { type StartRound, startTables } from "./start-table.ts";

const roundOf = (times: number): StartRound => ({
  bare: { connectedMs: 100, selectedMs: 1_000, rows: 300_000, residentBytes: 100 * 1024 ** 2 },
  cold: {
    readyMs: 200 * times,
    readyBytes: 0,
    firstMs: [30 * times, 10 * times, 60 * times],
    restMs: 700 * times,
    allBytes: 300 * times * 1024 ** 2,
    layers: 3_000,
    layerBytes: 0,
  },
  warm: { readyMs: 400 * times, readyBytes: 0, layers: 500, layerBytes: 0 },
});

test("a start is held against the bare process, round by round", () => {
  const { ratios, tables } = startTables([roundOf(1), roundOf(2), roundOf(2)]);
  expect(ratios).toEqual({
    "start/ready": 4,
    "start/all": 2,
    "start/again": 8,
    "start/memory": 6,
  });
  const rows = new Map(
    tables.flatMap(({ rows: all }) => all.map(([name, ...rest]) => [name, rest])),
  );
  expect(rows.get("the very first read of a layer not in memory")).toEqual([
    "30.0 / 60.0 / 60.0",
    "",
  ]);
  expect(rows.get("the next such reads, median")).toEqual(["35.0 / 70.0 / 70.0", ""]);
  expect(rows.get("all layers read once")).toEqual(["300 / 600 / 600", "6.00"]);
});
