import { afterAll, beforeAll, expect, it } from "vitest";
import { newEpoch } from "../../scripts/new-epoch.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { bearer, eventually } from "../conformance/access-vocabulary.ts";
import { commit, propose, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { type SeenRead, startReaders } from "../helpers/steady-readers.ts";
import { openEvents, openSocket, type StreamClient } from "../streams/stream-client.ts";

const scope = { app: "pay", environment: "production" };
const query = "app=pay&environment=production";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let admin: Sql;
let name: string;
let servers: Server[];
let a: Api;
let b: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  name = new URL(database.url).pathname.slice(1);
  admin = connectSql(Object.assign(new URL(database.url), { pathname: "/postgres" }).href, {
    max: 1,
  });
  const start = () =>
    startServer({ DATABASE_URL: database.url }, () => ({ command: ["node", "src/entry/node.ts"] }));
  servers = [await start(), await start()];
  [a, b] = servers.map((server) =>
    createApi(
      () => server,
      () => {},
    ),
  ) as [Api, Api];
});

afterAll(async () => {
  for (const server of servers) await server.stop();
  await database.drop();
  await admin`drop database if exists ${admin(`${name}_lost`)} with (force)`;
  await admin.end({ timeout: 1 });
});

/** While nobody is connected to the database; who was is cut off. */
const alone = async (of: string, use: () => Promise<unknown>): Promise<void> => {
  await admin`alter database ${admin(of)} with allow_connections false`;
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${of}`;
  await use();
};

const copyTo = (backup: string): Promise<void> =>
  alone(name, async () => {
    await admin`create database ${admin(backup)} template ${admin(name)}`;
    await admin`alter database ${admin(name)} with allow_connections true`;
    await admin`alter database ${admin(backup)} with allow_connections true`;
  });

/** Puts the backup in the place of the database, as of another history. */
const restore = async (backup: string): Promise<void> => {
  const url = Object.assign(new URL(database.url), { pathname: `/${backup}` }).href;
  const sql = connectSql(url, { max: 1 });
  await newEpoch(sql);
  await sql.end();
  await alone(name, async () => {
    await admin`alter database ${admin(name)} rename to ${admin(`${name}_lost`)}`;
    await admin`alter database ${admin(backup)} rename to ${admin(name)}`;
  });
};

const epochsOf = (seen: readonly SeenRead[]): string[] => [
  ...new Set(seen.flatMap(({ epoch }) => epoch ?? [])),
];

/** Opens a stream of each sort at each process. */
const openStreams = (after?: string): Promise<StreamClient[]> => {
  const filter = { ...scope, ...(after === undefined ? {} : { after }) };
  return Promise.all(
    servers.flatMap(({ adminKey, url }) =>
      [openEvents, openSocket].map((open) =>
        open({ url, query: filter, headers: bearer(adminKey) }),
      ),
    ),
  );
};

/**
 * What a stream has told: events of one history, a `reset` into the other one, and events of that.
 * Answers the two histories.
 */
const expectOneReset = ({ received }: StreamClient): string[] => {
  const epochs = received.map(({ id }) => id.split("-")[0]!);
  const first = epochs.findIndex((epoch) => epoch !== epochs[0]);
  expect(new Set(epochs.slice(first)).size).toBe(1);
  expect(received[first]).toMatchObject({ event: "reset", data: { reason: "other-epoch" } });
  expect(received.filter(({ event }) => event === "reset")).toHaveLength(1);
  for (const part of [received.slice(0, first), received.slice(first)]) {
    const revisions = part.map(({ id }) => Number(id.split("-")[1]));
    expect(revisions).toEqual(revisions.toSorted((one, other) => one - other));
  }
  return [...new Set(epochs)];
};

it("a restore of an older backup is taken over by clients' processes, which fail no read and reset every stream", async () => {
  await commit(a, [put({ ...scope, key: "value", value: "kept" })]);
  for (const api of [a, b]) await api.get(`/v1/config?${query}`);
  const streams = await openStreams();
  await copyTo(`${name}_backup`);
  let lostRevision = 0;
  for (let number = 0; number < 5; number += 1) {
    const { body } = await eventually(
      () => propose(a, [put({ ...scope, key: "value", value: `lost ${number}` })]),
      ({ status }) => status === 201,
    );
    lostRevision = body.revision;
  }
  await eventually(
    () => b.get(`/v1/config/value?${query}`),
    ({ body }) => (body as { value: string }).value === "lost 4",
  );
  const reading = startReaders({
    urls: servers.map(({ url }) => url),
    paths: [`/v1/config/value?${query}`],
    headers: bearer(servers[0]!.adminKey),
    readers: 4,
  });
  await reading.answered(20);
  const isAt = (client: StreamClient, told: number) => client.lastId()?.endsWith(`-${told}`);
  for (const stream of streams) await stream.until((one) => isAt(one, lostRevision) === true);
  const lostId = streams[0]!.lastId();
  await restore(`${name}_backup`);
  for (const api of [a, b]) {
    await eventually(
      () => api.get(`/v1/config/value?${query}`),
      ({ body }) => (body as { value: string }).value === "kept",
    );
  }
  // The first of the new history has a revision that the old one had too.
  const { revision } = await commit(a, [put({ ...scope, key: "value", value: "anew" })]);
  const own = await a.get(`/v1/config/value?${query}`);
  expect(own).toMatchObject({ status: 200, body: { value: "anew", revision } });
  await reading.answered(20);
  const seen = await reading.stop();
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
  const [lost, restored] = epochsOf(seen);
  expect(epochsOf(seen)).toHaveLength(2);
  const last = new Map<number, SeenRead>();
  for (const read of seen) {
    const before = last.get(read.reader) ?? read;
    last.set(read.reader, read);
    const value = (JSON.parse(read.text) as { value: string }).value;
    // Of each history only what it holds, and never back from the restored one.
    expect(read.epoch === lost ? /^lost/ : /^(kept|anew)$/).toSatisfy((of: RegExp) =>
      of.test(value),
    );
    expect(before.epoch === restored && read.epoch === lost).toBe(false);
    expect(before.epoch === read.epoch && read.revision < before.revision).toBe(false);
  }
  expect(await b.get(`/v1/config?${query}&minRevision=${revision}`)).toHaveStatus(200);
  for (const stream of streams) {
    await stream.until(
      ({ events }) => events().at(-1)?.event === "change" && isAt(stream, revision) === true,
    );
    expect(expectOneReset(stream)).toEqual([lost, restored]);
  }
  // Who comes back later with an id of the lost history is told so too, though its revision is far on.
  const late = await openStreams(lostId);
  for (const stream of late) {
    await stream.until(({ events }) => events().length > 0);
    expect(stream.events()).toMatchObject([{ event: "reset", data: { reason: "other-epoch" } }]);
    expect(stream.lastId()).toBe(`${restored}-${revision}`);
  }
  for (const stream of [...streams, ...late]) stream.cut();
});
