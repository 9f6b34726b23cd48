import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { exchange } from "../load/exchange.ts";
import { startStreamClients } from "../load/start-stream-clients.ts";
import { pinBench } from "../measure/pin.ts";
import { freePorts, startChild, untilReady } from "../peers/child.ts";
import type { Fairlead } from "../peers/fairlead.ts";
import type { Report } from "../report.ts";
import { measureFanOut } from "./streams-fan-out.ts";
import { latencyTable, listenForNotify, measureLatency } from "./streams-latency.ts";
import type { Teller } from "./streams-teller.ts";

const path = "/v1/stream?app=bench&environment=production";
const serverFile = join(import.meta.dirname, "../peers/event-server.ts");

/** How soon commits come to streams, and how long one event takes to come to the last of thousands. */
export async function streams(bench: Bench): Promise<Report> {
  pinBench(bench);
  const fairlead = await bench.startFairlead();
  const { directory, options } = bench;
  const clients = startStreamClients({ directory, cores: options.cores?.generator });
  bench.onClose(clients.stop);
  const first = tellerOf("fairlead", "Fairlead", fairlead, fairlead);
  // First, while the process is young: what others have left in its memory would be taken for free.
  const fanOut = await measureFanOut(bench, clients, [first, await startBare(bench)]);
  const { apiKey, databaseUrl, postgresVersion } = fairlead;
  const other = await bench.startFairlead({ id: "second", apiKey, databaseUrl });
  const second = tellerOf("other", "", other, fairlead);
  const notify = await listenForNotify(databaseUrl);
  bench.onClose(notify.stop);
  const latencies = [
    await measureLatency({ options, clients, notify, teller: first }, "the process that committed"),
    await measureLatency({ options, clients, notify, teller: second }, "another process"),
  ];
  return {
    tables: [latencyTable(latencies), ...fanOut.tables],
    ratios: fanOut.ratios,
    versions: { PostgreSQL: postgresVersion },
  };
}

/** Streams of one process, of what is committed through another or the same. */
function tellerOf(id: string, name: string, listening: Fairlead, writing: Fairlead): Teller {
  const { apiKey, port } = writing;
  const trigger = async (): Promise<bigint> => {
    const value = String(process.hrtime.bigint());
    const operation = { op: "put", kind: "config", app: "bench", environment: "production" };
    const operations = [{ ...operation, key: "setting.told", value }];
    const body = JSON.stringify({ message: "", operations });
    return (await exchange({ port, method: "POST", path: "/v1/changes", apiKey, body })).atNs;
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
  const trigger = async (): Promise<bigint> => {
    const post = { port, method: "POST", path: "/", apiKey: "", body: "{}" } as const;
    return (await exchange(post)).atNs;
  };
  await untilReady(server, "the event server", async () => (await trigger()) > 0n);
  return { id: "bare", name: "node:http, one buffer", pid: server.pid, port, path: "/", trigger };
}
