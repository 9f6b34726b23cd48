import { median, percentile } from "../measure/statistics.ts";
import type { Bundle } from "../peers/bundle-worker.ts";
import { formatCount, formatNumber, formatSpread, type Table } from "../report.ts";

/** Milliseconds since the start of a process. */
export interface EdgeStart {
  readonly constantMs: number;
  /** Of Fairlead: its first answer, and its first authenticated read. */
  readonly answerMs: number;
  readonly readMs: number;
}

/** Milliseconds from the acknowledgement of each commit. */
export interface EdgeReach {
  readonly leaseMs: number;
  readonly pollEveryMs: number;
  /** To a stream, while nobody reads. */
  readonly quietMs: readonly number[];
  /** To a stream and to a read, commit by commit, while one client reads. */
  readonly eventMs: readonly number[];
  readonly readMs: readonly number[];
}

export function startTable(starts: readonly EdgeStart[]) {
  const rows: string[][] = [];
  const ratios: Record<string, number> = {};
  const add = (name: string, ratio: string, of: (start: EdgeStart) => number): void => {
    const less = starts.map((start) => of(start) - start.constantMs);
    const times = median(starts.map((start) => of(start) / start.constantMs));
    ratios[`edge/start/${ratio}`] = times;
    rows.push([name, formatSpread(starts.map(of)), formatSpread(less), formatNumber(times)]);
  };
  const constants = starts.map(({ constantMs }) => constantMs);
  rows.push(["Hono's constant: first answer", formatSpread(constants), "", ""]);
  add("Fairlead: first answer, a refusal", "answer", ({ answerMs }) => answerMs);
  add("Fairlead: first authenticated read", "read", ({ readMs }) => readMs);
  const table: Table = {
    caption: `A fresh workerd process, ${formatCount(starts.length)} of each: ms from its start`,
    columns: ["to", "min / median / max", "less that of the constant", "times it"],
    rows,
  };
  return { table, ratios };
}

const sizesOf = (name: string, { bytes, gzipBytes }: Bundle): string[] => [
  name,
  formatCount(bytes),
  formatCount(gzipBytes),
];

export function bundleTable(bundles: { readonly edge: Bundle; readonly constant: Bundle }): Table {
  return {
    caption: "What `wrangler deploy` sends",
    columns: ["Worker", "bytes", "bytes with gzip"],
    rows: [sizesOf("Hono's constant", bundles.constant), sizesOf("Fairlead", bundles.edge)],
  };
}

const timesOf = (name: string, times: readonly number[]): string[] => {
  const sorted = times.toSorted((a, b) => a - b);
  const shown = [0.5, 0.99, 1].map((share) => percentile(sorted, share).toFixed(2));
  return [name, formatCount(times.length), ...shown];
};

export function reachTable({ eventMs, leaseMs, pollEveryMs, quietMs, readMs }: EdgeReach): Table {
  const added = readMs.map((ms, index) => ms - (eventMs[index] ?? Number.NaN));
  const lease = `MAX_STALENESS_MS ${formatCount(leaseMs)}`;
  return {
    caption: "From the acknowledgement of a commit by the origin",
    columns: ["to", "commits", "p50 ms", "p99 ms", "longest ms"],
    rows: [
      timesOf("a stream of the edge, nobody reads", quietMs),
      timesOf(`a stream of the edge, while a client reads every ${pollEveryMs} ms`, eventMs),
      timesOf(`that client's first answer that shows it, ${lease}`, readMs),
      timesOf("what the lease adds: that answer less the event of the same commit", added),
    ],
  };
}
