import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { type StreamClients, startStreamClients } from "../load/start-stream-clients.ts";
import { settledBytes } from "../measure/memory.ts";
import { median } from "../measure/statistics.ts";
import { formatCount, formatNumber, formatSpread, type Table } from "../report.ts";
import type { Teller } from "./streams-teller.ts";

/** Events that are measured at each number of clients in a round. */
const eventsPerRound = 5;
/** What a young process grows by anyway must not be taken for what its streams cost. */
const warmUpEvents = 200;

interface Contender {
  readonly teller: Teller;
  /** Connections of its own. */
  readonly clients: StreamClients;
  /** What its process holds without streams. */
  readonly idleBytes: number;
  open: number;
  /** For the events at the present number of streams: until the last, and from the first to the last. */
  timesMs: number[];
  spansMs: number[];
}

interface FanOut {
  readonly tables: readonly Table[];
  readonly ratios: Readonly<Record<string, number>>;
}

/** The tellers take turns at each number of clients. */
export async function measureFanOut(
  bench: Bench,
  clients: StreamClients,
  tellers: readonly Teller[],
): Promise<FanOut> {
  const { options } = bench;
  const contenders: Contender[] = [];
  for (const teller of tellers) {
    const own = contenders.length === 0 ? clients : startMore(bench);
    contenders.push(await prepare(teller, own));
  }
  const [rows, ratios]: [string[][], Record<string, number>] = [[], {}];
  for (const count of options.streams) {
    for (const one of contenders) await openUpTo(one, count);
    for (let round = 0; round < options.rounds; round++) {
      for (const one of contenders) await tellSome(one);
    }
    const bare = contenders.find(({ teller }) => teller.id === "bare")?.timesMs ?? [];
    for (const { idleBytes, spansMs, teller, timesMs } of contenders) {
      const ratio = median(timesMs) / median(bare);
      if (teller.id !== "bare") ratios[`streams/${count}/${teller.id}`] = ratio;
      const streamKib = ((await settledBytes(teller.pid)) - idleBytes) / count / 1_024;
      const shown = [formatSpread(timesMs), formatNumber(median(spansMs)), ratio.toFixed(2)];
      rows.push([formatCount(count), teller.name, ...shown, formatNumber(streamKib)]);
    }
  }
  for (const one of contenders) await one.clients.closeAll();
  // Closing thousands takes the servers a moment.
  for (const { teller } of contenders) await settledBytes(teller.pid);
  return { tables: [tableOf(rows)], ratios };
}

const tableOf = (rows: readonly string[][]): Table => ({
  caption:
    "One event to all event streams of one process: until the last, from the acknowledgement or the first, whichever came first",
  columns: [
    "streams",
    "server",
    "ms: min / median / max",
    "first to last, ms",
    "of node:http",
    "KiB a stream",
  ],
  rows,
});

function startMore({ directory, onClose, options }: Bench): StreamClients {
  const clients = startStreamClients({ directory, cores: options.cores?.generator });
  onClose(clients.stop);
  return clients;
}

async function prepare(teller: Teller, clients: StreamClients): Promise<Contender> {
  for (let event = 0; event < warmUpEvents; event++) await teller.trigger();
  const idleBytes = await settledBytes(teller.pid);
  return { teller, clients, idleBytes, open: 0, timesMs: [], spansMs: [] };
}

async function openUpTo(one: Contender, count: number): Promise<void> {
  await one.clients.open(one.teller, count - one.open);
  one.open = count;
  one.timesMs = [];
  one.spansMs = [];
}

async function tellSome({ clients, spansMs, teller, timesMs }: Contender): Promise<void> {
  for (let event = 0; event <= eventsPerRound; event++) {
    await sleep(100);
    const told = clients.nextEvent();
    const acknowledgedNs = await teller.trigger();
    const { firstNs, lastNs } = await told;
    // The first one of a turn is the warm-up.
    if (event === 0) continue;
    // Where the clients are busy with the event, the acknowledgement is seen late.
    const startNs = acknowledgedNs < firstNs ? acknowledgedNs : firstNs;
    timesMs.push(Number(lastNs - startNs) / 1_000_000);
    spansMs.push(Number(lastNs - firstNs) / 1_000_000);
  }
}
