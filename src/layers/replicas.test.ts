import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { observeSql } from "../../test/helpers/observed-sql.ts";
import { startTcpProxy, type TcpProxy } from "../../test/helpers/tcp-proxy.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { Problem } from "../errors.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { connectTcp } from "../platform/tcp-socket.ts";
import { createReplicas, type Replicas } from "./replicas.ts";

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

/** Copies at older and older revisions: of the primary, of one replica, and of another one. */
let databases: TestDatabase[];
let epoch: string;
let proxy: TcpProxy;
let handles: Sql[];
let replicas: Replicas;
let nowMs: number;

beforeAll(async () => {
  databases = await Promise.all(Array.from({ length: 3 }, createTestDatabase));
  for (const [index, { sql }] of databases.entries()) {
    const ctx = createTestContext(sql);
    for (let number = 0; number < 10 - index; number += 1) await commit(ctx, put("a", number));
  }
  const [row] = await databases[0]!.sql<{ epoch: string }[]>`select epoch from fairlead.deployment`;
  epoch = row!.epoch;
  for (const { sql } of databases) await sql`update fairlead.deployment set epoch = ${epoch}`;
  proxy = await startTcpProxy(Number(new URL(databases[1]!.url).port));
});

afterAll(async () => {
  await proxy.close();
  for (const database of databases) await database.drop();
});

const open = (...urls: readonly string[]): void => {
  nowMs = 0;
  handles = urls.map((url) => connectSql(url, { max: 2, createSocket: connectTcp }));
  replicas = createReplicas(handles, () => nowMs);
};

beforeEach(() => open(databases[1]!.url, databases[2]!.url));
afterEach(() => replicas.close());

/** The name of the database that answers. */
const whereFrom = async (sql: Sql): Promise<string> => {
  const [row] = await sql<{ name: string }[]>`select current_database() as name`;
  return row!.name;
};

const nameOf = (index: number): string => new URL(databases[index]!.url).pathname.slice(1);

const readAt = (revision: number, of = epoch): Promise<string> =>
  replicas.read({ epoch: of, revision }, databases[0]!.sql, whereFrom);

describe("a read that may come from a replica", () => {
  it("comes from one that has reached what is needed, in turn", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => readAt(8)));
    expect(new Set(answers)).toEqual(new Set([nameOf(1), nameOf(2)]));
    expect(replicas.figures()).toEqual({ fromReplicas: 10, fromPrimary: 0 });
  });

  it("comes from no replica that is behind, and from the primary where all are", async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await readAt(9)).toBe(nameOf(1));
      expect(await readAt(10)).toBe(nameOf(0));
      nowMs += 1_000;
    }
  });

  it("comes from no replica of another history", async () => {
    expect(await readAt(1, "0123456789abcdef")).toBe(nameOf(0));
  });

  it("asks a replica again only when it may have come further", async () => {
    await replicas.close();
    const observed = observeSql(connectSql(databases[2]!.url, { max: 1 }));
    replicas = createReplicas([observed.sql], () => nowMs);
    for (let turn = 0; turn < 5; turn += 1) expect(await readAt(10)).toBe(nameOf(0));
    expect(observed.begun()).toBe(1);
    nowMs += 101;
    const ctx = createTestContext(databases[2]!.sql);
    await commit(ctx, put("a", 100));
    await commit(ctx, put("a", 101));
    expect(await readAt(10)).toBe(nameOf(2));
    expect(await readAt(10)).toBe(nameOf(2));
    // Where it was once, it is not asked for that any more.
    expect(observed.begun()).toBe(4);
  });

  it("comes from the primary where a replica is away, which is left alone for a while", async () => {
    await replicas.close();
    open("postgres://nobody:secret@127.0.0.1:1/nothing");
    const { begun, sql } = observeSql(handles[0]!);
    replicas = createReplicas([sql], () => nowMs);
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await readAt(1)).toBe(nameOf(0));
      nowMs += 500;
    }
    expect(begun()).toBe(1);
    nowMs += 5_000;
    expect(await readAt(1)).toBe(nameOf(0));
    expect(begun()).toBe(2);
  });

  it("comes from the primary where a replica fails or refuses in the middle of it", async () => {
    const primary = databases[0]!.sql;
    const failures = [new Error("away"), new Problem("NOT_FOUND", "It is not here.")];
    for (const failure of failures) {
      const answer = replicas.read({ epoch, revision: 1 }, primary, async (sql) => {
        if (sql !== primary) throw failure;
        return whereFrom(sql);
      });
      expect(await answer).toBe(nameOf(0));
    }
    const refused = new Problem("NOT_FOUND", "It is nowhere.");
    const answer = replicas.read({ epoch, revision: 1 }, primary, () => Promise.reject(refused));
    await expect(answer).rejects.toBe(refused);
    expect(replicas.figures()).toMatchObject({ fromReplicas: 0, fromPrimary: 3 });
  });

  it("comes from the primary where a replica swallows everything, and nobody waits for it twice", async () => {
    await replicas.close();
    open(Object.assign(new URL(databases[1]!.url), { port: String(proxy.port) }).href);
    expect(await readAt(9)).toBe(nameOf(1));
    proxy.hold();
    const newer = Array.from({ length: 5 }, () => readAt(10));
    expect(new Set(await Promise.all(newer))).toEqual(new Set([nameOf(0)]));
    expect(await readAt(9)).toBe(nameOf(0));
    proxy.pass();
    nowMs += 5_001;
    expect(await readAt(9)).toBe(nameOf(1));
  });
});
