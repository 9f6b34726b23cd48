import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { exchange } from "../load/exchange.ts";
import { startReader } from "../load/start-reader.ts";
import { type StreamClients, startStreamClients } from "../load/start-stream-clients.ts";
import type { Fairlead } from "../peers/fairlead.ts";
import { type EdgeDeployment, keyPath, untilPublished } from "./edge-deployment.ts";
import type { EdgeReach } from "./edge-table.ts";

const leaseMs = 1_000;
const pollEveryMs = 5;
/** Commits come at any time of a lease. */
const longestPauseMs = 100;
const warmUpCommits = 20;
const position = { app: "bench-key", environment: "production" } as const;
const streamPath = `/v1/stream?app=${position.app}&environment=${position.environment}`;

/** From commits at the origin to a stream of the edge, and to a client that reads there again and again. */
export async function measureReach(bench: Bench, deployment: EdgeDeployment): Promise<EdgeReach> {
  const { directory, options } = bench;
  const { apiKey, edge, origin } = deployment;
  const child = edge.start({ MAX_STALENESS_MS: String(leaseMs) });
  await untilPublished(child, deployment);
  const reader = startReader({ port: edge.port, path: keyPath, apiKey, pauseMs: pollEveryMs });
  // It was away: its publisher may wait for a while before it looks again.
  await reader.untilShown((await commit(origin)).revision);
  await reader.stop();
  const clients = startStreamClients({ directory, cores: options.cores?.generator });
  bench.onClose(clients.stop);
  await clients.open({ port: edge.port, path: streamPath, apiKey }, 1);
  const durationMs = options.seconds * options.rounds * 1_000;
  for (let warmUp = 0; warmUp < warmUpCommits; warmUp++) await toStream(clients, origin);
  const quietMs: number[] = [];
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) quietMs.push((await toStream(clients, origin)).eventMs);
  const polled = await pollMeanwhile(clients, deployment, durationMs);
  await clients.closeAll();
  await child.stop();
  return { leaseMs, pollEveryMs, quietMs, ...polled };
}

/** The value differs every time, or nothing would be committed. */
async function commit({ apiKey, port }: Fairlead) {
  const value = String(process.hrtime.bigint()).padEnd(900, "x");
  const operations = [{ op: "put", kind: "config", ...position, key: "setting", value }];
  const body = JSON.stringify({ message: "", operations });
  const post = { port, method: "POST", path: "/v1/changes", apiKey, body } as const;
  const { atNs, text } = await exchange(post);
  return { acknowledgedNs: atNs, revision: (JSON.parse(text) as { revision: number }).revision };
}

async function toStream(clients: StreamClients, origin: Fairlead) {
  const event = clients.nextEvent();
  const committed = await commit(origin);
  return { ...committed, eventMs: toMs((await event).lastNs - committed.acknowledgedNs) };
}

const toMs = (ns: bigint): number => Number(ns) / 1_000_000;

async function pollMeanwhile(
  clients: StreamClients,
  { apiKey, edge, origin }: EdgeDeployment,
  durationMs: number,
) {
  const reader = startReader({ port: edge.port, path: keyPath, apiKey, pauseMs: pollEveryMs });
  const eventMs: number[] = [];
  const shown: Promise<number>[] = [];
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    await sleep(Math.random() * longestPauseMs);
    const { acknowledgedNs, eventMs: ms, revision } = await toStream(clients, origin);
    eventMs.push(ms);
    const read = reader.untilShown(revision).then((atNs) => toMs(atNs - acknowledgedNs));
    read.catch(() => undefined); // heard of at the end
    shown.push(read);
  }
  const readMs = await Promise.all(shown);
  await reader.stop();
  return { eventMs, readMs };
}
