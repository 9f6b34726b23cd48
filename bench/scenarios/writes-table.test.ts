import { expect, test } from "vitest";
import type { SystemId } from "../options.ts";
import { type Turn, writesTable } from "./writes-table.ts";

const turn = (system: SystemId, requests: number): Turn => ({
  system,
  measurement: { requests, elapsedMs: 1_000, p50Ms: 1, p99Ms: 2, requestBytes: 1_100 },
  reading: { cores: { etcd: 0.5 }, elsewhere: 0, flushesPerSecond: undefined },
});

const block = (turns: readonly Turn[]) => ({ variant: "update", clients: 8, turns }) as const;

test("pairs the rounds: a ratio is of turns that ran beside each other", () => {
  const turns = [
    turn("fairlead", 100),
    turn("etcd-grpc", 200),
    turn("fairlead", 300),
    turn("etcd-grpc", 300),
    turn("fairlead", 40),
    turn("etcd-grpc", 20),
  ];
  const { ratios, tables } = writesTable([block(turns)], ["etcd"]);
  expect(ratios).toEqual({ "writes/update/8/etcd-grpc": 1 });
  expect(tables[0]?.rows.map((row) => row.slice(1, 6))).toEqual([
    ["8", "100", "1.00", "2.00", ""],
    ["8", "200", "1.00", "2.00", "0.500 / 1.00 / 2.00"],
  ]);
});

test("has no ratios without Fairlead", () => {
  const { ratios, tables } = writesTable([block([turn("etcd-grpc", 200)])], ["etcd"]);
  expect(ratios).toEqual({});
  expect(tables[0]?.rows).toHaveLength(1);
});
