import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { startMeter } from "../measure/meter.ts";
import { treeCpuSeconds } from "../measure/processes.ts";
import { freePorts, startChild, untilReady } from "../peers/child.ts";
import { formatCount, formatNumber, type Report } from "../report.ts";

/** The load generator against a constant node:http server: what it could reach if the server did nothing. */
export async function generator(bench: Bench): Promise<Report> {
  const { options, directory } = bench;
  const [port = 0] = await freePorts(1);
  const server = startChild({
    command: [
      process.execPath,
      join(import.meta.dirname, "../peers/constant-server.ts"),
      String(port),
    ],
    log: join(directory, "constant-server.log"),
    cores: options.cores?.servers,
  });
  bench.onClose(server.stop);
  await untilReady(server, "the constant server", async () => {
    return (await fetch(`http://127.0.0.1:${port}/`)).status === 201;
  });
  const load = bench.startGenerator();
  const readers = {
    server: () => treeCpuSeconds(server.pid),
    generator: () => treeCpuSeconds(load.pid),
  };
  const rows: string[][] = [];
  for (const clients of options.clients) {
    const target = { kind: "fairlead", port, apiKey: "none" } as const;
    const job = { target, variant: "update", clients, run: "generator" } as const;
    await load.run({ ...job, durationMs: 1_000 });
    const stopMeter = startMeter(readers, undefined);
    const measurement = await load.run({ ...job, durationMs: options.seconds * 1_000 });
    const { cores, elsewhere } = stopMeter();
    const perSecond = (measurement.requests / measurement.elapsedMs) * 1_000;
    rows.push([
      String(clients),
      formatCount(perSecond),
      formatNumber(measurement.p50Ms),
      formatNumber(measurement.p99Ms),
      (cores["server"] ?? 0).toFixed(2),
      (cores["generator"] ?? 0).toFixed(2),
      elsewhere.toFixed(2),
      formatNumber(((cores["generator"] ?? 0) * 1_000_000) / perSecond),
    ]);
  }
  return {
    tables: [
      {
        caption: "The load generator against a constant node:http server, the requests of `writes`",
        columns: [
          "clients",
          "requests/s",
          "p50 ms",
          "p99 ms",
          "cores: server",
          "cores: generator",
          "cores: elsewhere",
          "generator's CPU per request, µs",
        ],
        rows,
      },
    ],
    ratios: {},
    versions: {},
  };
}
