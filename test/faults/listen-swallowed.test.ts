import { afterAll, beforeAll, expect, it } from "vitest";
import type { Ctx } from "../../src/context.ts";
import { commit, put } from "../helpers/change-sets.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { revisionOf } from "../helpers/streams/recording-outlet.ts";
import { startTcpProxy, type TcpProxy } from "../helpers/tcp-proxy.ts";
import { createTestContext } from "../helpers/test-context.ts";
import { openEvents, type StreamClient } from "../streams/stream-client.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let proxy: TcpProxy;
let server: Server;
let api: Api;
/** Commits past the process under test. */
let elsewhere: Ctx;
let stream: StreamClient;

/** A process has one for its layers and one for its consumers; neither hears anything any more. */
const swallowListening = async (): Promise<void> => {
  for (let count = 0; count < 2; count += 1) {
    await proxy.watch('listen "fairlead_revision"', "hold the answer");
  }
};

beforeAll(async () => {
  database = await createTestDatabase();
  elsewhere = createTestContext(database.sql);
  const throughProxy = new URL(database.url);
  proxy = await startTcpProxy(Number(throughProxy.port));
  throughProxy.port = String(proxy.port);
  const swallowed = swallowListening();
  server = await startServer({ DATABASE_URL: throughProxy.href }, () => ({
    command: ["node", "src/entry/node.ts"],
  }));
  await swallowed;
  api = createApi(
    () => server,
    () => {},
  );
  const headers = { "x-api-key": server.adminKey };
  stream = await openEvents({ url: server.url, query: {}, headers });
});

afterAll(async () => {
  stream.cut();
  await server.stop();
  await proxy.close();
  await database.drop();
});

const change = async (value: number): Promise<number> =>
  (await commit(elsewhere, put("value", value))).revision ?? 0;

/** Whether some session listens that was begun after a time. */
const listensSince = async (since: Date): Promise<boolean> => {
  const rows = await database.sql`
    select from pg_stat_activity
    where query ilike 'listen "fairlead_revision"%' and datname = current_database()
      and backend_start > ${since.toISOString()}::timestamptz`;
  return rows.length > 0;
};

it("a process whose LISTEN hears nothing shows and tells every change all the same, and listens anew", async () => {
  await stream.until(({ received }) => received.length > 0);
  const begun = new Date();
  const told: number[] = [];
  // Each is found by a poll, and two of them say that nobody listens.
  while (!(await listensSince(begun))) {
    const revision = await change(told.length);
    told.push(revision);
    await stream.until(({ lastId }) => revisionOf(lastId() ?? "") >= revision);
    const { body, headers, status } = await api.get("/v1/config/value");
    expect({ status, body }).toMatchObject({ status: 200, body: { value: told.length - 1 } });
    expect(Number(headers.get("config-revision"))).toBeGreaterThanOrEqual(revision);
  }
  expect(stream.events().map(({ id }) => revisionOf(id))).toEqual(told);
  expect(stream.events().filter(({ event }) => event !== "change")).toEqual([]);
});
