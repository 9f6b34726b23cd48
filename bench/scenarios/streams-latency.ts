import postgres from "postgres";
import type { StreamClients } from "../load/start-stream-clients.ts";
import { percentile } from "../measure/statistics.ts";
import type { Options } from "../options.ts";
import { formatCount, type Table } from "../report.ts";
import type { Teller } from "./streams-teller.ts";

const listeners = 10;
const warmUpCommits = 20;

/** The ceiling: a bare connection that listens for what every commit announces. */
interface NotifyListener {
  /** When the next one comes. */
  readonly next: () => Promise<bigint>;
  readonly stop: () => Promise<void>;
}

export async function listenForNotify(databaseUrl: string): Promise<NotifyListener> {
  const sql = postgres(databaseUrl, { max: 1 });
  let waiting: ((atNs: bigint) => void) | undefined;
  await sql.listen("fairlead_revision", () => {
    waiting?.(process.hrtime.bigint());
    waiting = undefined;
  });
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
      }),
    stop: () => sql.end(),
  };
}

interface Latency {
  readonly name: string;
  readonly timesMs: readonly number[];
  readonly notifyMs: readonly number[];
}

interface Measured {
  readonly options: Options;
  readonly clients: StreamClients;
  readonly notify: NotifyListener;
  readonly teller: Teller;
}

export async function measureLatency(
  { clients, notify, options, teller }: Measured,
  name: string,
): Promise<Latency> {
  await clients.open(teller, listeners);
  const [timesMs, notifyMs]: [number[], number[]] = [[], []];
  const endMs = performance.now() + options.seconds * options.rounds * 1_000;
  while (performance.now() < endMs) {
    const [event, notified] = [clients.nextEvent(), notify.next()];
    const acknowledgedNs = await teller.trigger();
    const sinceMs = (ns: bigint) => Number(ns - acknowledgedNs) / 1_000_000;
    timesMs.push(sinceMs((await event).lastNs));
    notifyMs.push(sinceMs(await notified));
  }
  await clients.closeAll();
  return { name, timesMs: sorted(timesMs), notifyMs: sorted(notifyMs) };
}

const sorted = (times: readonly number[]): number[] =>
  times.slice(warmUpCommits).sort((a, b) => a - b);

const rowOf = (name: string, timesMs: readonly number[]): string[] => [
  name,
  formatCount(timesMs.length),
  ...[0.5, 0.99, 1].map((share) => percentile(timesMs, share).toFixed(2)),
];

export function latencyTable(latencies: readonly Latency[]): Table {
  return {
    caption: "From the acknowledgement of a commit, one after another; below zero is before it",
    columns: ["to", "commits", "p50 ms", "p99 ms", "longest ms"],
    rows: latencies.flatMap(({ name, notifyMs, timesMs }) => [
      rowOf(`the last of ${listeners} streams of ${name}`, timesMs),
      rowOf("a bare listener for NOTIFY meanwhile", notifyMs),
    ]),
  };
}
