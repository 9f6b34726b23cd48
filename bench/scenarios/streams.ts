import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { type StreamClients, startStreamClients } from "../load/start-stream-clients.ts";
import { median, percentile } from "../measure/statistics.ts";
import { freePorts, startChild, untilReady } from "../peers/child.ts";
import { embeddedUrl, type Fairlead } from "../peers/fairlead.ts";
import { formatCount, formatNumber, formatSpread, type Report, type Table } from "../report.ts";

const path = "/v1/stream?app=bench&environment=production";
const serverFile = join(import.meta.dirname, "../peers/event-server.ts");
/** Events that are measured at each number of clients. */
const eventsPerRound = 5;
const listeners = 10;

/** A server of streams: how to open one, and what makes it tell of something. */
interface Teller {
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly path: string;
  readonly apiKey?: string;
  /** Answers when that was acknowledged, in nanoseconds. */
  readonly trigger: () => Promise<bigint>;
}

/** How soon commits come to streams, and how long one event takes to come to the last of thousands. */
export async function streams(bench: Bench): Promise<Report> {
  const fairlead = await bench.startFairlead();
  const clients = startStreamClients({
    directory: bench.directory,
    cores: bench.options.cores?.generator,
  });
  bench.onClose(clients.stop);
  const first = tellerOf("fairlead", "Fairlead", fairlead, fairlead);
  await first.trigger();
  // First, while the process is young: what others have left in its memory would be taken for free.
  const { ratios, table } = await measureFanOut(bench, clients, [first, await startBare(bench)]);
  const other = await bench.startFairlead({
    databaseUrl: process.env["DATABASE_URL"] ?? embeddedUrl(bench.directory),
    apiKey: fairlead.apiKey,
    id: "second",
  });
  const second = tellerOf("other", "", other, fairlead);
  const latencies = [
    await measureLatency(bench, clients, first, "the process that committed"),
    await measureLatency(bench, clients, second, "another process"),
  ];
  return {
    tables: [latencyTable(latencies), table],
    ratios,
    versions: { PostgreSQL: fairlead.postgresVersion },
  };
}

const agent = new Agent({ keepAlive: true });

/** Sends a request; answers when the head of its answer was there. */
const send = (port: number, target: string, apiKey: string, body: string): Promise<bigint> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const req = request({ port, path: target, method: "POST", headers, agent }, (response) => {
      const nowNs = process.hrtime.bigint();
      response.resume();
      if (response.statusCode !== 201) reject(new Error(`answered ${response.statusCode}`));
      else response.on("end", () => resolve(nowNs));
    });
    req.on("error", reject);
    req.end(body);
  });

/** Streams of one process, of what is committed through another or the same. */
function tellerOf(id: string, name: string, listening: Fairlead, writing: Fairlead): Teller {
  const { apiKey } = writing;
  const trigger = (): Promise<bigint> => {
    const value = String(process.hrtime.bigint());
    const operation = { op: "put", kind: "config", app: "bench", environment: "production" };
    const operations = [{ ...operation, key: "setting.told", value }];
    return send(writing.port, "/v1/changes", apiKey, JSON.stringify({ message: "", operations }));
  };
  return { id, name, pid: listening.pid, port: listening.port, path, apiKey, trigger };
}

async function startBare({ directory, onClose, options }: Bench): Promise<Teller> {
  const [port = 0] = await freePorts(1);
  const server = startChild({
    command: [process.execPath, serverFile, String(port)],
    log: join(directory, "event-server.log"),
    cores: options.cores?.servers,
  });
  onClose(server.stop);
  const trigger = () => send(port, "/", "", "{}");
  await untilReady(server, "the event server", async () => (await trigger()) > 0n);
  return { id: "bare", name: "node:http, one buffer", pid: server.pid, port, path: "/", trigger };
}

interface Latency {
  readonly name: string;
  readonly timesMs: readonly number[];
}

async function measureLatency(
  { options }: Bench,
  clients: StreamClients,
  teller: Teller,
  name: string,
): Promise<Latency> {
  await clients.open(teller, listeners);
  const timesMs: number[] = [];
  const endMs = performance.now() + options.seconds * options.rounds * 1_000;
  while (performance.now() < endMs) {
    const event = clients.nextEvent();
    const acknowledgedNs = await teller.trigger();
    timesMs.push(Number((await event).lastNs - acknowledgedNs) / 1_000_000);
  }
  await clients.closeAll();
  return { name, timesMs: timesMs.slice(20).sort((a, b) => a - b) };
}

function latencyTable(latencies: readonly Latency[]): Table {
  return {
    caption: `From the acknowledgement of a commit to the last of ${listeners} streams, one commit after another`,
    columns: ["streams of", "commits", "p50 ms", "p99 ms", "longest ms"],
    rows: latencies.map(({ name, timesMs }) => [
      name,
      formatCount(timesMs.length),
      percentile(timesMs, 0.5).toFixed(2),
      percentile(timesMs, 0.99).toFixed(2),
      percentile(timesMs, 1).toFixed(2),
    ]),
  };
}

/** The tellers take turns at each number of clients; each keeps its connections to itself. */
async function measureFanOut(
  bench: Bench,
  first: StreamClients,
  tellers: readonly Teller[],
): Promise<{ readonly table: Table; readonly ratios: Record<string, number> }> {
  const { directory, options } = bench;
  const rows: string[][] = [];
  const ratios: Record<string, number> = {};
  const contenders = tellers.map((teller, index) => {
    const cores = options.cores?.generator;
    const clients = index === 0 ? first : startStreamClients({ directory, cores });
    if (index > 0) bench.onClose(clients.stop);
    return { teller, clients, residentBytes: residentBytes(teller.pid), open: 0 };
  });
  for (const count of options.streams) {
    const timesMs = new Map<string, number[]>();
    for (const one of contenders) {
      await one.clients.open(one.teller, count - one.open);
      one.open = count;
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const { clients, teller } of contenders) {
        const found = timesMs.get(teller.id) ?? [];
        timesMs.set(teller.id, [...found, ...(await tellSome(clients, teller))]);
      }
    }
    const ceilingMs = median(timesMs.get("bare") ?? []);
    for (const { residentBytes: before, teller } of contenders) {
      const times = timesMs.get(teller.id) ?? [];
      const ratio = median(times) / ceilingMs;
      if (teller.id !== "bare") ratios[`streams/${count}/${teller.id}`] = ratio;
      const perClient = (residentBytes(teller.pid) - before) / count / 1_024;
      rows.push([
        formatCount(count),
        teller.name,
        formatSpread(times),
        ratio.toFixed(2),
        formatNumber(perClient),
      ]);
    }
  }
  await Promise.all(contenders.map(({ clients }) => clients.closeAll()));
  // Until the servers have seen that they are gone.
  await sleep(2_000);
  const caption =
    "One event to all event streams of one process: from its acknowledgement to the last";
  const columns = ["streams", "server", "ms: min / median / max", "of node:http", "KiB a stream"];
  return { table: { caption, columns, rows }, ratios };
}

async function tellSome(clients: StreamClients, { trigger }: Teller): Promise<number[]> {
  const times: number[] = [];
  for (let event = 0; event <= eventsPerRound; event++) {
    await sleep(100);
    const told = clients.nextEvent();
    const acknowledgedNs = await trigger();
    const { lastNs } = await told;
    // The first one of a turn is the warm-up.
    if (event > 0) times.push(Number(lastNs - acknowledgedNs) / 1_000_000);
  }
  return times;
}

/** What a process holds in memory at the moment (Linux). */
function residentBytes(pid: number): number {
  const [, kib = "0"] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1_024;
}
