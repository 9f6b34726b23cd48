import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { insertKey, revokeKey } from "../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { startTcpProxy, type TcpProxy } from "../../test/helpers/tcp-proxy.ts";
import { createRefusalLog, type RefusalLog } from "../audit/refusals.ts";
import { createLogger } from "../platform/log.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { connectTcp } from "../platform/tcp-socket.ts";
import { followAccess } from "./follow-access.ts";
import { type AccessStore, createAccessStore } from "./store/access-store.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
let proxy: TcpProxy;
let access: AccessStore;
let refusals: RefusalLog;
let stop: () => Promise<void>;

beforeEach(async () => {
  database = await createTestDatabase();
  sql = database.sql;
  const url = new URL(database.url);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const stalenessMs = 60_000;
  access = createAccessStore({
    bootstrapKey: "the-key-of-the-administrator",
    stalenessMs,
    confirmAfterMs: stalenessMs,
  });
  await access.syncOnce(sql);
  refusals = createRefusalLog();
  stop = followAccess({
    access,
    refusals,
    // Statements with their text, by which the proxy knows them.
    connect: () =>
      connectSql(url.href, { max: 1, name: "follower", prepare: false, createSocket: connectTcp }),
    log: createLogger("warn", () => {}),
  });
});

afterEach(async () => {
  await stop();
  await proxy.close();
  await database.drop();
});

const refuse = (): void => {
  refusals.note({
    actor: { type: "key", id: "intruder" },
    authentication: "api-key",
    request: { id: "request", address: undefined, userAgent: undefined },
    route: "createEnvironment",
    code: "FORBIDDEN",
  });
};

const written = async (): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select coalesce(sum(count), 0)::int as count from fairlead.audit_log where action = 'refused'`;
  return row?.count ?? 0;
};

/** Waits until a key is not admitted any more: for ever, where nobody learns of it. */
const refusedAtLast = async (text: string): Promise<void> => {
  for (;;) {
    try {
      await access.identify(sql, text);
      await written();
    } catch (error) {
      expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
      return;
    }
  }
};

describe("a process that follows access", () => {
  it("obeys revocations and writes down refusals, again and again", async () => {
    for (const round of [1, 2, 3]) {
      const key = await insertKey(sql);
      expect(await access.identify(sql, key.text)).toMatchObject({ actor: { id: key.id } });
      refuse();
      await revokeKey(sql, key.id);
      await refusedAtLast(key.text);
      while ((await written()) < round);
      expect(await written()).toBe(round);
    }
  });

  it("obeys revocations while refusals wait for a lock, and writes these when it is free", async () => {
    const key = await insertKey(sql);
    await access.identify(sql, key.text);
    await sql.begin(async (tx) => {
      await tx`select revision from fairlead.deployment for update`;
      refuse();
      let waiting = false;
      while (!waiting) {
        const rows = await sql`
          select from pg_stat_activity
          where datname = current_database() and application_name = 'follower'
            and wait_event_type = 'Lock'`;
        waiting = rows.length > 0;
      }
      await revokeKey(sql, key.id);
      await refusedAtLast(key.text);
      expect(await written()).toBe(0);
    });
    while ((await written()) === 0);
    expect(await written()).toBe(1);
  });

  it("obeys revocations while the answer to its refusals is lost, and writes the next ones", async () => {
    const key = await insertKey(sql);
    await access.identify(sql, key.text);
    const sent = proxy.watch("'refused'", "hold the answer");
    refuse();
    await sent;
    await revokeKey(sql, key.id);
    await refusedAtLast(key.text);
    const before = await written();
    refuse();
    while ((await written()) <= before);
    expect(await written()).toBeGreaterThan(before);
  });

  it("learns of revocations again on another connection, where an answer is lost", async () => {
    const key = await insertKey(sql);
    await access.identify(sql, key.text);
    await proxy.watch("access_state", "hold the answer");
    await revokeKey(sql, key.id);
    // Nobody told this process yet.
    expect(await access.identify(sql, key.text)).toMatchObject({ actor: { id: key.id } });
    await refusedAtLast(key.text);
  });

  it("writes down what it refused last before it stops", async () => {
    for (let count = 0; count < 7; count += 1) refuse();
    await stop();
    expect(await written()).toBe(7);
  });

  it("waits, before it stops, for what is being written", async () => {
    const stopped = await sql.begin(async (tx) => {
      await tx`select revision from fairlead.deployment for update`;
      refuse();
      let waiting = false;
      while (!waiting) {
        const rows = await sql`
          select from pg_stat_activity
          where datname = current_database() and application_name = 'follower'
            and wait_event_type = 'Lock'`;
        waiting = rows.length > 0;
      }
      refuse();
      return { stopping: stop() };
    });
    await stopped.stopping;
    expect(await written()).toBe(2);
  });
});
