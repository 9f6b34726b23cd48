import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import type { Measurement } from "../load/job.ts";
import { freePorts, startChild, untilReady } from "../peers/child.ts";
import type { Fairlead } from "../peers/fairlead.ts";
import { formatCount, formatNumber, type Report } from "../report.ts";

const serverFile = join(import.meta.dirname, "../peers/hono-server.ts");
const warmUpMs = 1_500;
const scope = "app=bench&environment=production";

/** One kind of read: what is sent, and what it must be answered with. */
interface Contender {
  readonly name: string;
  /** Against which it is set. */
  readonly ceiling: string;
  readonly port: number;
  readonly status: number;
  readonly request: string;
}

/** Authenticated reads of one process beside Hono's constant answer, in interleaved turns. */
export async function reads(bench: Bench): Promise<Report> {
  const fairlead = await bench.startFairlead();
  const ceiling = await startCeiling(bench);
  await seed(fairlead);
  const contenders = [...ceilings(ceiling), ...(await readers(fairlead))];
  const generator = bench.startGenerator();
  const rows: string[][] = [];
  const ratios: Record<string, number> = {};
  for (const clients of bench.options.clients) {
    const turns = new Map(contenders.map((one) => [one, [] as Measurement[]]));
    const take = ({ port, request, status }: Contender, durationMs: number) =>
      generator.run({
        target: { kind: "fixed", port, request, status },
        variant: "update",
        clients,
        durationMs,
        run: "reads",
      });
    for (const one of contenders) await take(one, warmUpMs);
    for (let round = 0; round < bench.options.rounds; round++) {
      for (const [one, measurements] of turns) {
        await sleep(200);
        measurements.push(await take(one, bench.options.seconds * 1_000));
      }
    }
    const rates = new Map(
      [...turns].map(([{ name }, found]) => [name, median(found.map(perSecond))]),
    );
    for (const [{ ceiling: against, name }, found] of turns) {
      const rate = rates.get(name) ?? 0;
      const ratio = rate / (rates.get(against) ?? rate);
      if (against !== name) ratios[`reads/${name}/${clients}`] = ratio;
      const p99 = median(found.map(({ p99Ms }) => p99Ms));
      rows.push([String(clients), name, formatCount(rate), formatNumber(p99), ratio.toFixed(2)]);
    }
  }
  const caption = "Reads of one process beside a constant answer of Hono on Node";
  const columns = ["clients", "read", "requests/s", "p99 ms", "of Hono's constant"];
  return { tables: [{ caption, columns, rows }], ratios, versions: {} };
}

const perSecond = ({ elapsedMs, requests }: Measurement): number => (requests / elapsedMs) * 1_000;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const ceilings = (port: number): Contender[] => [
  { name: "constant", ceiling: "constant", port, status: 200, request: get("/constant", port) },
  {
    name: "constant 304",
    ceiling: "constant 304",
    port,
    status: 304,
    request: get("/unchanged", port),
  },
];

async function readers({ apiKey, port }: Fairlead): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const [what, path] of [
    ["key", `/v1/config/setting.0?${scope}`],
    ["document", `/v1/config?${scope}`],
  ] as const) {
    const key = `Authorization: Bearer ${apiKey}`;
    const headers = { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    const tag = response.headers.get("etag") ?? "";
    const unchanged = get(path, port, [key, `If-None-Match: ${tag}`]);
    found.push(
      {
        name: `${what} 200`,
        ceiling: "constant",
        port,
        status: 200,
        request: get(path, port, [key]),
      },
      { name: `${what} 304`, ceiling: "constant 304", port, status: 304, request: unchanged },
    );
  }
  return found;
}

const get = (path: string, port: number, headers: readonly string[] = []): string =>
  `${[`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers].join("\r\n")}\r\n\r\n`;

/** A document of about 1 KB. */
async function seed(fairlead: Fairlead): Promise<void> {
  const value = "x".repeat(80);
  await fairlead.putAll(
    Array.from({ length: 10 }, (_, index) => ({
      app: "bench",
      environment: "production",
      key: `setting.${index}`,
      value,
    })),
  );
}

async function startCeiling({ directory, onClose, options }: Bench): Promise<number> {
  const [port = 0] = await freePorts(1);
  const server = startChild({
    command: [process.execPath, serverFile, String(port)],
    log: join(directory, "hono-server.log"),
    cores: options.cores?.servers,
  });
  onClose(server.stop);
  await untilReady(server, "the constant server", async () => {
    return (await fetch(`http://127.0.0.1:${port}/constant`)).ok;
  });
  return port;
}
