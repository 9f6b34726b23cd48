import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import { sendRequest } from "../load/connection.ts";
import { connectGrpc } from "../load/grpc.ts";
import { encodePut, encodeTxn, frameMessage } from "../load/protobuf.ts";
import { freePorts, startChild, untilReady } from "./child.ts";
import { installEtcd } from "./install-etcd.ts";
import type { StartOptions, SystemUnderTest } from "./system.ts";

/** etcd's default `--max-txn-ops`. */
const putsPerTxn = 128;

interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Etcd extends SystemUnderTest {
  /** Puts in transactions of 128, `concurrency` of them under way at a time; not atomic as a whole. Resolves to milliseconds. */
  readonly putAll: (entries: readonly KeyValue[], concurrency: number) => Promise<number>;
}

/** One member on loopback with etcd's default durability: every put is synced to its log before it is acknowledged. */
export async function startEtcd(options: StartOptions): Promise<Etcd> {
  const program = installEtcd();
  const [port = 0, peerPort = 0] = await freePorts(2);
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  const settings = {
    "data-dir": join(options.directory, "etcd"),
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `default=${peer}`,
    // Every revision is kept, as Fairlead keeps every version; the default of 2 GiB would end a longer run.
    "quota-backend-bytes": String(8 * 1024 ** 3),
  };
  const child = startChild({
    command: [program, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
    log: join(options.directory, "etcd.log"),
    cores: options.cores,
  });
  await untilReady(child, "etcd", async () => {
    const response = await fetch(`${client}/health`);
    return response.ok && (await response.text()).includes("true");
  });
  return {
    pid: child.pid,
    port,
    version: etcdVersion(program),
    revision: () => readRevision(client),
    revisionCost: 0,
    putAll: (entries, concurrency) => putAll(port, entries, concurrency),
    stop: child.stop,
  };
}

const etcdVersion = (program: string): string =>
  /etcd Version: (\S+)/.exec(execFileSync(program, ["--version"], { encoding: "utf8" }))?.[1] ??
  "unknown";

const rangeAnswer = z.object({ header: z.object({ revision: z.coerce.number() }) });

/** etcd's revision goes up by one with every put. */
async function readRevision(url: string): Promise<number> {
  const key = Buffer.from("/").toString("base64");
  const response = await fetch(`${url}/v3/kv/range`, {
    method: "POST",
    body: JSON.stringify({ key, count_only: true }),
  });
  return rangeAnswer.parse(await response.json()).header.revision;
}

async function putAll(port: number, entries: readonly KeyValue[], concurrency: number) {
  const puts = entries.map(({ key, value }) => encodePut(Buffer.from(key), Buffer.from(value)));
  const txns: Buffer[] = [];
  for (let start = 0; start < puts.length; start += putsPerTxn) {
    txns.push(frameMessage(encodeTxn(puts.slice(start, start + putsPerTxn))));
  }
  const connection = await connectGrpc(port, "/etcdserverpb.KV/Txn");
  const started = performance.now();
  const waiting = txns.values();
  const sendNext = async (): Promise<void> => {
    for (const txn of waiting) await sendRequest(connection, txn);
  };
  await Promise.all(Array.from({ length: concurrency }, sendNext));
  const elapsedMs = performance.now() - started;
  connection.close();
  return elapsedMs;
}
