import { setTimeout as sleep } from "node:timers/promises";
import { readCache, watchCache } from "./cache-client.ts";
import { checkHistory } from "./check-history.ts";
import { readCopy, readEvents } from "./effects.ts";
import { eventually } from "./eventually.ts";
import { doFaults, planFaults } from "./faults.ts";
import type { CacheRecord, History, ReadRecord, Violation, WriteRecord } from "./history.ts";
import { createRandom, type Random } from "./random.ts";
import { runReader } from "./read-client.ts";
import { readBase, readStore } from "./read-store.ts";
import { type Clients, filters, keys, maxStalenessMs, scopes } from "./shared.ts";
import { type StreamClient, startStream } from "./stream-client.ts";
import type { World } from "./world.ts";
import { commitOnce, runWriter } from "./write-client.ts";

export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly history: History;
  readonly plan: readonly (readonly string[])[];
  readonly seconds: number;
}

interface Running {
  readonly clients: Clients;
  readonly streams: readonly StreamClient[];
  readonly writes: WriteRecord[];
  readonly reads: ReadRecord[];
  readonly cache: CacheRecord[];
  stop(): Promise<void>;
}

const writers = 5;
const readers = 6;
/** What clients must have got done between faults, and how long that may take. */
const progress = { acknowledged: 20, reads: 40, timeoutMs: 60_000 };

/** Lets clients work while faults happen as the seed says, and checks what they have seen. */
export const runSeed = async (world: World, seed: number): Promise<SeedResult> => {
  const beganMs = performance.now();
  const random = createRandom(seed);
  const plan = planFaults(random);
  const run = `${seed}-${process.pid}-${Math.round(beganMs)}`;
  await world.recovers();
  await fill(world, run);
  const base = await readBase(world.postgres.url);
  await world.reaches(base.revision);
  const running = startClients(world, random, run);
  const { cache, reads, streams, writes } = running;
  let settled = 0;
  try {
    await goesOn(running, world, true);
    for (const step of plan) {
      await doFaults(step, { world, streams }, random);
      await goesOn(running, world, random.chance(0.5));
    }
    await world.recovers();
    await goesOn(running, world, true);
    await running.stop();
    settled = await settle(world, running, run);
    for (const stream of streams) await stream.stop();
  } finally {
    await running.stop();
    await Promise.all(streams.map((stream) => stream.stop()));
  }
  const effects = {
    events: await readEvents(world.folder),
    copy: await readCopy(world.folder),
    cache: (await readCache(world.cache)) ?? ({ kind: "broken", detail: "it is empty" } as const),
  };
  const store = await readStore(world.postgres.url, base);
  const history = {
    run,
    store,
    settled,
    maxStalenessMs,
    mayReset: false,
    writes,
    reads,
    streams,
    cache,
    effects,
  };
  const seconds = (performance.now() - beganMs) / 1_000;
  return { seed, plan, history, seconds, violations: checkHistory(history) };
};

/** Puts everything there that is read. */
const fill = async ({ urls }: World, run: string): Promise<void> => {
  const token = `${run}-fill/0/0`;
  const operations = scopes.flatMap((scope) =>
    (scope.app === "" ? keys : keys.slice(0, 1)).map((key) => ({
      op: "put" as const,
      ...scope,
      key,
      value: token,
    })),
  );
  const { outcome } = await commitOnce(urls[0] ?? "", token, operations);
  if (outcome.kind !== "acknowledged") throw new Error("the first write was not acknowledged");
};

const startClients = (world: World, random: Random, run: string): Running => {
  let isRunning = true;
  const [writes, reads, cache]: [WriteRecord[], ReadRecord[], CacheRecord[]] = [[], [], []];
  const clients: Clients = {
    urls: world.urls,
    isRunning: () => isRunning,
    newest: 0,
    versions: new Map(),
  };
  const streams = filters.map((filter) => startStream(clients, random.fork(), filter));
  const done = Promise.all([
    ...Array.from({ length: writers }, (_, writer) =>
      runWriter({ clients, random: random.fork(), run, writer, records: writes }),
    ),
    ...Array.from({ length: readers }, (_, reader) =>
      runReader({ clients, random: random.fork(), reader, records: reads }),
    ),
    watchCache(world.cache, clients.isRunning, cache),
  ]);
  const stop = async (): Promise<void> => {
    isRunning = false;
    await done;
  };
  return { clients, streams, writes, reads, cache, stop };
};

/** Waits until writers and readers have got on, and the shared cache too where it is to be waited for. */
const goesOn = async (
  { cache, reads, writes }: Running,
  world: World,
  withCache: boolean,
): Promise<void> => {
  const [writesBefore, readsBefore] = [writes.length, reads.length];
  const cacheBefore = withCache ? cache.length : -1;
  const isDone = (): boolean => {
    const acknowledged = writes
      .slice(writesBefore)
      .filter(({ outcome }) => outcome.kind === "acknowledged");
    const answered = reads.slice(readsBefore).filter(({ status }) => status === 200);
    return (
      acknowledged.length >= progress.acknowledged &&
      answered.length >= progress.reads &&
      cache.length > cacheBefore
    );
  };
  if (await eventually(isDone, progress.timeoutMs)) return;
  const outputs = [...world.apis, ...world.workers].map((member) => member.output());
  throw new Error(`clients get no further\n${outputs.join("\n")}`);
};

/** One more write that concerns everybody; answers its revision when all have had time to get there. */
const settle = async (world: World, running: Running, run: string): Promise<number> => {
  const token = `${run}/last/0`;
  const operations = ["a.0", "b.0"].map((key) => ({
    op: "put" as const,
    app: "",
    environment: "",
    key,
    value: token,
  }));
  const write = await commitOnce(world.urls[0] ?? "", token, operations);
  running.writes.push(write);
  if (write.outcome.kind !== "acknowledged") throw new Error("the last write was not acknowledged");
  const { revision } = write.outcome;
  running.clients.newest = Math.max(running.clients.newest, revision);
  // Whoever does not get there is found by the checker.
  await eventually(() => running.streams.every((stream) => stream.at() >= revision));
  await eventually(async () => (await readCopy(world.folder)) >= revision);
  await eventually(async () => (await readEvents(world.folder)).includes(revision));
  await eventually(async () => {
    const record = await readCache(world.cache);
    return record?.kind === "set" && record.revision >= revision;
  });
  // What clients gave up may still be written, and read.
  await sleep(50);
  return revision;
};
