import { setTimeout as sleep } from "node:timers/promises";
import { exchange } from "../load/exchange.ts";
import type { Deployment } from "./reach-deployment.ts";
import { type ReachCost, type ReachTimes, reachParts } from "./reach-table.ts";

const changesPerSecond = 20;
const patienceMs = 10_000;

/** Repeats a look until it finds what it looks for; resolves to when it did. */
async function untilSeen(what: string, look: () => Promise<boolean>): Promise<number> {
  const deadline = performance.now() + patienceMs;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`${what} did not see a change in time`);
  }
  return performance.now();
}

const untilFresh = ({ nextRead, reader }: Deployment, revision: number): Promise<number> => {
  const { apiKey, port } = reader;
  return untilSeen("the reader", async () => {
    const { headers } = await exchange({ port, method: "GET", path: nextRead(), apiKey });
    return Number(headers["config-revision"]) >= revision;
  });
};

const untilPublished = ({ cache }: Deployment, revision: number): Promise<number> =>
  untilSeen("the shared cache", async () => {
    return ((await cache.readHeads([]))?.point.revision ?? 0) >= revision;
  });

/** One change after another, each followed to where it goes. */
export async function measureTimes(
  deployment: Deployment,
  durationMs: number,
): Promise<ReachTimes> {
  const times = { commitMs: [] as number[], freshMs: [] as number[], publishedMs: [] as number[] };
  const end = performance.now() + durationMs;
  while (performance.now() < end) {
    const started = performance.now();
    const revision = await deployment.change();
    const acknowledged = performance.now();
    const [fresh, published] = await Promise.all([
      untilFresh(deployment, revision),
      untilPublished(deployment, revision),
    ]);
    times.commitMs.push(acknowledged - started);
    times.freshMs.push(fresh - acknowledged);
    times.publishedMs.push(published - acknowledged);
  }
  return times;
}

interface Reading {
  readonly cpuSeconds: readonly number[];
  readonly bytes: number;
}

async function read({ reader, redis, writer }: Deployment): Promise<Reading> {
  const cpu: Record<(typeof reachParts)[number], number> = {
    "API and worker": writer.cpuSeconds(),
    reader: reader.cpuSeconds(),
    PostgreSQL: writer.postgresCpuSeconds(),
    Redis: redis.cpuSeconds(),
  };
  return {
    cpuSeconds: reachParts.map((part) => cpu[part]),
    bytes: await redis.receivedBytes(),
  };
}

const difference = (after: Reading, before: Reading): Reading => ({
  cpuSeconds: after.cpuSeconds.map((seconds, part) => seconds - (before.cpuSeconds[part] ?? 0)),
  bytes: after.bytes - before.bytes,
});

/** What changes cost that nobody polls for, less what passes in as long without any. */
export async function measureCost(deployment: Deployment, durationMs: number): Promise<ReachCost> {
  const begun = await read(deployment);
  const idleStarted = performance.now();
  await sleep(durationMs);
  const idle = await read(deployment);
  const idleMs = performance.now() - idleStarted;
  const busyStarted = performance.now();
  const changes = Math.ceil((durationMs / 1_000) * changesPerSecond);
  let revision = 0;
  for (let change = 1; change <= changes; change++) {
    revision = await deployment.change();
    const dueMs = busyStarted + (change * 1_000) / changesPerSecond;
    await sleep(Math.max(dueMs - performance.now(), 0));
  }
  await untilPublished(deployment, revision);
  const scale = (performance.now() - busyStarted) / idleMs;
  const spent = difference(await read(deployment), idle);
  const resting = difference(idle, begun);
  return {
    cpuMs: spent.cpuSeconds.map(
      (seconds, part) => ((seconds - (resting.cpuSeconds[part] ?? 0) * scale) * 1_000) / changes,
    ),
    bytes: (spent.bytes - resting.bytes * scale) / changes,
  };
}
