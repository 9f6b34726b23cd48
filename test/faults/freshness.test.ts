import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, eventually } from "../conformance/access-vocabulary.ts";
import { commit, propose, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { effort } from "../helpers/effort.ts";
import { type Api, createApi, type Reply } from "../helpers/http-api.ts";
import {
  type RestartablePostgres,
  startRestartablePostgres,
} from "../helpers/restartable-postgres.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { type SeenRead, startReaders } from "../helpers/steady-readers.ts";

const maxStalenessMs = 1_000;
const scope = { app: "pay", environment: "production" };
const query = "app=pay&environment=production";
const readers = 4;
const writers = 4;

let postgres: RestartablePostgres;
/** Two processes on one database. */
let servers: Server[];
let a: Api;
let b: Api;

const apiOf = (server: () => Server): Api => createApi(server, () => {});

const start = (): Promise<Server> => {
  const settings = { DATABASE_URL: postgres.url, MAX_STALENESS_MS: String(maxStalenessMs) };
  return startServer(settings, () => ({ command: ["node", "src/entry/node.ts"] }));
};

beforeAll(async () => {
  postgres = await startRestartablePostgres();
  servers = [await start(), await start()];
  a = apiOf(() => servers[0]!);
  b = apiOf(() => servers[1]!);
  await commit(a, [put({ key: "global", value: 0 })]);
});

afterAll(async () => {
  for (const server of servers) await server.stop();
  await postgres.remove();
});

interface Acknowledged {
  readonly key: string;
  readonly number: number;
  readonly revision: number;
}

/**
 * Clients that put one number after the other, each into a key of its own, and read it; what is 503 is
 * repeated.
 */
const startWriters = () => {
  const acknowledged: Acknowledged[] = [];
  const refused: Reply[] = [];
  const unseen: Acknowledged[] = [];
  let isRunning = true;
  const run = async (writer: number): Promise<void> => {
    const api = writer % 2 === 0 ? a : b;
    const key = `writer-${writer}`;
    for (let number = 1; isRunning; number += 1) {
      const idempotency = { "idempotency-key": `${key}-${number}-${process.hrtime.bigint()}` };
      const operations = [put({ ...scope, key, value: number })];
      let reply = await propose(api, operations, {}, idempotency);
      while (reply.status === 503) {
        refused.push(reply);
        await sleep(20);
        reply = await propose(api, operations, {}, idempotency);
      }
      expect(reply).toHaveStatus(201);
      const one = { key, number, revision: reply.body.revision };
      acknowledged.push(one);
      const { body, headers } = await api.get(`/v1/config/${key}?${query}`);
      const isSeen = Number(headers.get("config-revision")) >= one.revision;
      if (!isSeen || (body as { value?: unknown }).value !== number) unseen.push(one);
    }
  };
  const done = Promise.all(Array.from({ length: writers }, (_, writer) => run(writer)));
  return {
    acknowledged,
    stop: async () => {
      isRunning = false;
      await done;
      return { refused, unseen };
    },
  };
};

const paths = [
  `/v1/config/global?${query}`,
  `/v1/config?${query}`,
  `/v1/config?${query}&prefix=writer`,
  `/v1/config/writer-0?${query}&explain=true`,
  `/config/pay?environment=production`,
];

const readEverywhere = () =>
  startReaders({
    urls: servers.map(({ url }) => url),
    paths,
    headers: bearer(servers[0]!.adminKey),
    readers,
  });

/** No client's revision has gone back, but where another history began. */
const expectForward = (seen: readonly SeenRead[]): void => {
  const last = new Map<number, SeenRead>();
  const back = seen.filter((read) => {
    const before = last.get(read.reader);
    last.set(read.reader, read);
    return before !== undefined && read.revision < before.revision;
  });
  expect(back).toEqual([]);
};

/** What was acknowledged under a revision is in every read that shows this revision. */
const expectComplete = (seen: readonly SeenRead[], acknowledged: readonly Acknowledged[]): void => {
  const documents = seen.filter(({ path, status }) => path === paths[1] && status === 200);
  expect(documents.length).toBeGreaterThan(0);
  const broken = documents.filter(({ revision, text }) => {
    const { values } = JSON.parse(text) as { values: Record<string, number> };
    return acknowledged.some(
      (one) => one.revision <= revision && !((values[one.key] ?? 0) >= one.number),
    );
  });
  expect(broken).toEqual([]);
};

const statusesOf = (seen: readonly SeenRead[]): Set<number> =>
  new Set(seen.map(({ status }) => status));

describe("PostgreSQL restarted under load", () => {
  test.each(["immediate", "fast"] as const)(
    "(%s) fails no default read, and takes nobody back",
    async (mode) => {
      for (let round = 0; round < effort; round += 1) {
        const writing = startWriters();
        await eventually(
          async () => writing.acknowledged.length,
          (count) => count > 20,
        );
        // What a process goes on with is what it has read before.
        for (const api of [a, b]) {
          for (const path of paths) expect(await api.get(path)).toHaveStatus(200);
        }
        const reading = readEverywhere();
        await reading.answered(10);
        await postgres.stop(mode);
        await reading.answered(20);
        for (const api of [a, b]) {
          expect(await api.get(`${paths[1]}&consistency=strong`)).toHaveStatus(503);
          const reply = await api.get(`${paths[1]}&minRevision=999999999`);
          expect(reply).toHaveStatus(503);
          expect(reply.headers.get("retry-after")).toBe("1");
        }
        await sleep(maxStalenessMs);
        await reading.answered(10);
        const before = writing.acknowledged.length;
        await postgres.start();
        await eventually(
          async () => writing.acknowledged.length,
          (count) => count > before + 20,
        );
        await reading.answered(50);
        const [seen, { refused, unseen }] = [await reading.stop(), await writing.stop()];
        expect(statusesOf(seen)).toEqual(new Set([200]));
        expectForward(seen);
        expectComplete(seen, writing.acknowledged);
        expect(refused.length).toBeGreaterThan(0);
        // What a process has acknowledged is in the very next read that it answers.
        expect(unseen).toEqual([]);
        // It says so where it cannot know any more whether it is the newest.
        expect(seen.some(({ isStale }) => isStale)).toBe(true);
        expect(seen.slice(-20).some(({ isStale }) => isStale)).toBe(false);
      }
    },
    60_000 * effort,
  );

  test("what one process has acknowledged, another one shows where it must", async () => {
    for (let number = 1; number <= 50; number += 1) {
      const { revision } = await commit(a, [put({ ...scope, key: "turn", value: number })]);
      const path = `/v1/config/turn?${query}`;
      const [own, least, strong] = await Promise.all([
        a.get(path),
        b.get(`${path}&minRevision=${revision}`),
        b.get(`${path}&consistency=strong`),
      ]);
      for (const reply of [own, least, strong]) {
        expect(reply).toMatchObject({ status: 200, body: { value: number } });
        expect(Number(reply.headers.get("config-revision"))).toBeGreaterThanOrEqual(revision);
      }
      // Who has seen that is not shown less by the same process.
      const later = await b.get(path);
      expect(later).toMatchObject({ status: 200, body: { value: number } });
    }
    expect(await a.get(`${paths[0]}&minRevision=999999999`)).toBeProblem("PRECONDITION_FAILED");
  });
});
