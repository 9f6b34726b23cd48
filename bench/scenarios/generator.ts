import { join } from "node:path";
import type { Bench } from "../bench.ts";
import type { Measurement } from "../load/job.ts";
import { type MeterReading, startMeter } from "../measure/meter.ts";
import { treeCpuSeconds } from "../measure/processes.ts";
import { type Child, freePorts, startChild, untilReady } from "../peers/child.ts";
import { formatCount, formatNumber, type Report } from "../report.ts";

const serverFile = join(import.meta.dirname, "../peers/constant-server.ts");
const warmUpMs = 1_000;

const columns = [
  "clients",
  "requests/s",
  "p50 ms",
  "p99 ms",
  "cores: server",
  "cores: generator",
  "cores: elsewhere",
  "generator's CPU, µs a request",
];

/** The load generator against a constant node:http server: what it could reach if the server did nothing. */
export async function generator(bench: Bench): Promise<Report> {
  const [port = 0] = await freePorts(1);
  const server = await startServer(bench, port);
  const load = bench.startGenerator();
  const readers = {
    server: () => treeCpuSeconds(server.pid),
    generator: () => treeCpuSeconds(load.pid),
  };
  const rows: string[][] = [];
  for (const clients of bench.options.clients) {
    const target = { kind: "fairlead", port, apiKey: "none" } as const;
    const job = { target, variant: "update", clients, run: "generator" } as const;
    await load.run({ ...job, durationMs: warmUpMs });
    const stopMeter = startMeter(readers, undefined);
    const measurement = await load.run({ ...job, durationMs: bench.options.seconds * 1_000 });
    rows.push(toRow(clients, measurement, stopMeter()));
  }
  const caption = "The load generator against a constant node:http server";
  return { tables: [{ caption, columns, rows }], ratios: {}, versions: {} };
}

async function startServer({ options, directory, onClose }: Bench, port: number): Promise<Child> {
  const server = startChild({
    command: [process.execPath, serverFile, String(port)],
    log: join(directory, "constant-server.log"),
    cores: options.cores?.servers,
  });
  onClose(server.stop);
  await untilReady(server, "the constant server", async () => {
    return (await fetch(`http://127.0.0.1:${port}/`)).status === 201;
  });
  return server;
}

function toRow(clients: number, measurement: Measurement, { cores, elsewhere }: MeterReading) {
  const perSecond = (measurement.requests / measurement.elapsedMs) * 1_000;
  const [ofServer = 0, ofGenerator = 0] = [cores["server"], cores["generator"]];
  return [
    String(clients),
    formatCount(perSecond),
    formatNumber(measurement.p50Ms),
    formatNumber(measurement.p99Ms),
    ofServer.toFixed(2),
    ofGenerator.toFixed(2),
    elsewhere.toFixed(2),
    formatNumber((ofGenerator * 1_000_000) / perSecond),
  ];
}
