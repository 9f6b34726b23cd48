import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertKey, revokeKey } from "../../../test/helpers/access-rows.ts";
import {
  bootstrapKey,
  identify,
  stalenessMs,
  startStore,
  unauthenticated,
} from "../../../test/helpers/access-stores.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { startTcpProxy, type TcpProxy } from "../../../test/helpers/tcp-proxy.ts";
import { connectSql, type Sql } from "../../platform/sql.ts";
import { connectTcp } from "../../platform/tcp-socket.ts";
import { type AccessStore, createAccessStore } from "./access-store.ts";
import { generateKey } from "./key-text.ts";

const confirmAfterMs = 1_000;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let proxy: TcpProxy;
/** The way on which bytes are lost. */
let sql: Sql;
let nowMs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  const url = new URL(database.url);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  // Statements with their text, by which the proxy knows them.
  sql = connectSql(url.href, { max: 1, prepare: false, createSocket: connectTcp });
});
afterEach(async () => {
  await sql.end({ timeout: 0 });
  await proxy.close();
});

/** Confirms what it knows when that is a second old. */
const startProcess = (): Promise<AccessStore> =>
  startStore(sql, { confirmAfterMs, nowMs: () => nowMs });

const unavailable = { code: "UNAVAILABLE", status: 503, headers: { "retry-after": "1" } };

describe("a process that has lost PostgreSQL", () => {
  it("goes on with what it knows until that is too old, and then with nothing", async () => {
    const [key, unused, revoked] = [
      await insertKey(database.sql),
      await insertKey(database.sql),
      await insertKey(database.sql),
    ];
    await revokeKey(database.sql, revoked.id);
    const store = await startProcess();
    await identify(store, sql, key.text);
    await proxy.close();
    const { id } = key;
    for (const passedMs of [0, confirmAfterMs + 1, stalenessMs - confirmAfterMs - 1]) {
      nowMs += passedMs;
      expect(await identify(store, sql, key.text)).toMatchObject({ actor: { id } });
      expect(await identify(store, sql, unused.text)).toMatchObject({ actor: { id: unused.id } });
      await expect(identify(store, sql, revoked.text)).rejects.toMatchObject(unauthenticated);
      // It may have been made elsewhere since.
      await expect(identify(store, sql, generateKey().text)).rejects.toMatchObject(unavailable);
    }
    nowMs += 1;
    for (const text of [key.text, unused.text, revoked.text, bootstrapKey]) {
      await expect(identify(store, sql, text)).rejects.toMatchObject(unavailable);
    }
    // PostgreSQL is back, and with it everything that happened meanwhile.
    await revokeKey(database.sql, unused.id);
    expect(await identify(store, database.sql, key.text)).toMatchObject({ actor: { id } });
    await expect(identify(store, sql, unused.text)).rejects.toMatchObject(unauthenticated);
  });

  it("knows nobody where it never had it", async () => {
    await proxy.close();
    const store = createAccessStore({
      bootstrapKey,
      stalenessMs,
      confirmAfterMs,
    });
    const outcome = identify(store, sql, bootstrapKey);
    await expect(outcome).rejects.toMatchObject(unavailable);
  });
});

describe("a connection that swallows every answer", () => {
  it("holds nobody up for long: what is known goes on, a later sync works", async () => {
    const key = await insertKey(database.sql);
    const store = await startProcess();
    nowMs += confirmAfterMs + 1;
    const sent = proxy.watch("access_state", "hold the answer");
    const outcomes = Promise.allSettled([
      store.syncOnce(sql),
      identify(store, sql, key.text),
      identify(store, sql, generateKey().text),
    ]);
    await sent;
    expect(await outcomes).toMatchObject([
      { status: "rejected", reason: { code: "UNAVAILABLE" } },
      { status: "fulfilled", value: { actor: { id: key.id } } },
      { status: "rejected", reason: unavailable },
    ]);
    proxy.cut();
    await revokeKey(database.sql, key.id);
    await store.syncOnce(database.sql);
    await expect(identify(store, sql, key.text)).rejects.toMatchObject(unauthenticated);
  });

  it("does so too where last uses are written down: revocations are learned of all the same", async () => {
    const [key, revoked] = [await insertKey(database.sql), await insertKey(database.sql)];
    const store = await startProcess();
    await identify(store, sql, key.text);
    await identify(store, sql, revoked.text);
    await revokeKey(database.sql, revoked.id);
    nowMs += stalenessMs + 1;
    const sent = proxy.watch("last_used_at", "hold the answer");
    const waiting = identify(store, sql, key.text);
    await sent;
    expect(await identify(store, sql, key.text)).toMatchObject({ actor: { id: key.id } });
    await expect(identify(store, sql, revoked.text)).rejects.toMatchObject(unauthenticated);
    expect(await waiting).toMatchObject({ actor: { id: key.id } });
    proxy.cut();
    expect(await store.syncOnce(database.sql)).toEqual({ changed: false });
  });
});
