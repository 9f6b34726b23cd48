import { median, percentile } from "../measure/statistics.ts";
import { formatCount, type Table } from "../report.ts";

export const reachParts = ["API and worker", "reader", "PostgreSQL", "Redis"] as const;

/** Milliseconds of each change. */
export interface ReachTimes {
  readonly commitMs: readonly number[];
  readonly freshMs: readonly number[];
  readonly publishedMs: readonly number[];
}

/** Of one change: CPU time of each part, and bytes to the shared cache. */
export interface ReachCost {
  readonly cpuMs: readonly number[];
  readonly bytes: number;
}

export type ReachRound = ReachTimes & ReachCost;

/** What is held against one app, round by round. */
const measures = {
  commit: ({ commitMs }: ReachRound) => median(commitMs),
  fresh: ({ freshMs }: ReachRound) => median(freshMs),
  published: ({ publishedMs }: ReachRound) => median(publishedMs),
  cpu: ({ cpuMs }: ReachRound) => cpuMs.reduce((sum, ms) => sum + ms, 0),
  bytes: ({ bytes }: ReachRound) => bytes,
} as const;

const positionsOf = (apps: number): string => formatCount(apps * 5);

/** Two decimals, as differences of ticks may lie around zero. */
const formatMs = (value: number): string => value.toFixed(2);

export function reachTables(rounds: ReadonlyMap<number, readonly ReachRound[]>) {
  const ceiling = rounds.get(1) ?? [];
  const ratios: Record<string, number> = {};
  for (const [apps, found] of rounds) {
    if (apps === 1) continue;
    for (const [name, measure] of Object.entries(measures)) {
      const each = found.map((one, round) => {
        const base = ceiling[round];
        return measure(one) / (base === undefined ? Number.NaN : measure(base));
      });
      ratios[`reach/${name}/${apps}`] = median(each);
    }
  }
  return { ratios, tables: [timesTable(rounds, ratios), costTable(rounds, ratios)] };
}

type Rounds = ReadonlyMap<number, readonly ReachRound[]>;
type Ratios = Readonly<Record<string, number>>;

const ratioOf = (ratios: Ratios, name: keyof typeof measures, apps: number): string =>
  ratios[`reach/${name}/${apps}`]?.toFixed(2) ?? "";

const timesTable = (rounds: Rounds, ratios: Ratios): Table => ({
  caption: "A change of the global layer: from its acknowledgement, ms",
  columns: [
    "positions",
    "changes",
    "commit, p50",
    "÷ one app",
    "fresh in another process, p50",
    "p99",
    "÷ one app",
    "published to Redis, p50",
    "p99",
    "÷ one app",
  ],
  rows: [...rounds].map(([apps, found]) => {
    const sorted = (name: keyof ReachTimes) =>
      Float64Array.from(found.flatMap((one) => [...one[name]])).sort();
    const [commit, fresh, published] = [
      sorted("commitMs"),
      sorted("freshMs"),
      sorted("publishedMs"),
    ];
    const ofAll = (times: Float64Array) =>
      [0.5, 0.99].map((share) => formatMs(percentile(times, share)));
    return [
      positionsOf(apps),
      formatCount(commit.length),
      formatMs(percentile(commit, 0.5)),
      ratioOf(ratios, "commit", apps),
      ...ofAll(fresh),
      ratioOf(ratios, "fresh", apps),
      ...ofAll(published),
      ratioOf(ratios, "published", apps),
    ];
  }),
});

const costTable = (rounds: Rounds, ratios: Ratios): Table => ({
  caption: "The same, what it costs: CPU, ms a change, and bytes to Redis",
  columns: ["positions", ...reachParts, "in all", "÷ one app", "bytes a change", "÷ one app"],
  rows: [...rounds].map(([apps, found]) => [
    positionsOf(apps),
    ...reachParts.map((_, part) =>
      formatMs(median(found.map(({ cpuMs }) => cpuMs[part] ?? Number.NaN))),
    ),
    formatMs(median(found.map(measures.cpu))),
    ratioOf(ratios, "cpu", apps),
    formatCount(median(found.map(measures.bytes))),
    ratioOf(ratios, "bytes", apps),
  ]),
});
