import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { propose, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { expectSoundStore } from "../helpers/expect-sound-store.ts";
import { freePort } from "../helpers/free-port.ts";
import { eventually } from "../helpers/history/eventually.ts";
import { type Member, startMember } from "../helpers/history/member.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { startTcpProxy, type TcpProxy } from "../helpers/tcp-proxy.ts";
import { openEvents } from "../streams/stream-client.ts";

const adminKey = "the-key-of-the-administrator";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let folder: string;
/** Between PostgreSQL and the first process. */
let proxy: TcpProxy;
let members: Member[];
let urls: string[];
let killed: Api;
let other: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), "fairlead-killed-"));
  const throughProxy = new URL(database.url);
  proxy = await startTcpProxy(Number(throughProxy.port));
  throughProxy.port = String(proxy.port);
  const ports = [await freePort(), await freePort()];
  urls = ports.map((port) => `http://127.0.0.1:${port}`);
  members = [throughProxy.href, database.url].map((url, index) =>
    startMember("src/entry/node.ts", {
      PORT: String(ports[index]),
      DATABASE_URL: url,
      DATA_DIR: join(folder, String(index)),
      BOOTSTRAP_ADMIN_KEY: adminKey,
    }),
  );
  [killed, other] = urls.map((url) =>
    createApi(
      () => ({ url, adminKey }),
      () => {},
    ),
  ) as [Api, Api];
  for (const api of [killed, other]) await isReady(api);
});

afterAll(async () => {
  for (const member of members) await member.kill();
  await proxy.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const isReady = async (api: Api): Promise<void> => {
  const ready = async () => (await api.get("/readyz")).status === 200;
  expect(await eventually(ready)).toBe(true);
};

const committedAs = async (value: string): Promise<number | undefined> => {
  const [row] = await database.sql<{ revision: number }[]>`
    select revision from fairlead.entry_versions where value = ${JSON.stringify(value)}::text::jsonb`;
  return row?.revision;
};

it("a process that is killed between commit and answer loses nothing, and what is repeated happens once", async () => {
  const headers = { "x-api-key": adminKey };
  const stream = await openEvents({ url: urls[1]!, query: {}, headers });
  await stream.until(({ received }) => received.length > 0);
  const operations = [put({ key: "answer", value: "lost answer", expectedVersion: 0 })];
  const ask = (api: Api) => propose(api, operations, {}, { "idempotency-key": "lost" });

  const sent = proxy.watch("lost answer", "hold the answer");
  const answer = ask(killed).then(
    () => "answered",
    () => "no answer",
  );
  await sent;
  expect(await eventually(async () => (await committedAs("lost answer")) !== undefined)).toBe(true);
  await members[0]!.kill();
  expect(await answer).toBe("no answer");
  const revision = await committedAs("lost answer");

  // Nobody was told, but it is there for everybody else.
  await stream.until(({ events }) => events().length > 0);
  expect(stream.events()).toMatchObject([{ event: "change", data: { data: { revision } } }]);
  expect(await other.get("/v1/config/answer?consistency=strong")).toMatchObject({
    body: { value: "lost answer", version: 1, revision },
  });
  members[0]!.start();
  await isReady(killed);
  for (const api of [killed, other]) {
    const again = await ask(api);
    expect(again).toMatchObject({ status: 201, body: { revision, changes: [{ version: 1 }] } });
  }
  await expectSoundStore(database.sql);
  stream.cut();
});
