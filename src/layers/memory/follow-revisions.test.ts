import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { observeSql } from "../../../test/helpers/observed-sql.ts";
import { startTcpProxy, type TcpProxy } from "../../../test/helpers/tcp-proxy.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { createLogger } from "../../platform/log.ts";
import { connectSql, type Sql } from "../../platform/sql.ts";
import { connectTcp } from "../../platform/tcp-socket.ts";
import { followRevisions } from "./follow-revisions.ts";
import { createLayerMemory } from "./layer-memory.ts";
import { createLayerReader, type LayerReader } from "./layer-reader.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let proxy: TcpProxy;
let other: Ctx;
let layers: LayerReader;
let stop: () => Promise<void>;
/** How often there was a new connection, and how often the first one was asked what is new. */
let connects: number;
let looks: () => number;
let lines: string[];
let commits = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(Number(new URL(database.url).port));
  other = createTestContext(database.sql);
});

afterAll(async () => {
  await proxy.close();
  await database.drop();
});

beforeEach(() => {
  connects = 0;
  lines = [];
  layers = createLayerReader(createLayerMemory(1_000_000), { lookTimeoutMs: 300 });
});

afterEach(() => stop());

/** @param port of the connection with this number, counted from 0: looks have the first, LISTEN the next */
const follow = (everyMs: number, port: (connection: number) => number | undefined): void => {
  const connect = (): Sql => {
    const url = new URL(database.url);
    url.port = String(port(connects) ?? url.port);
    connects += 1;
    const sql = connectSql(url.href, { max: 1, name: "follower", createSocket: connectTcp });
    const observed = observeSql(sql);
    if (connects === 1) looks = observed.begun;
    return observed.sql;
  };
  const log = createLogger("info", (line) => lines.push(line));
  stop = followRevisions({ layers, connect, log, everyMs });
};

const until = async (reached: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await reached())) await sleep(5);
};

const isAt = (revision: number | null) => () => layers.memory.point().revision === revision;

const commitElsewhere = async (): Promise<number> => {
  commits += 1;
  const { revision } = await commit(other, put("a", commits));
  return revision ?? 0;
};

const followers = (where: string) =>
  database.sql.unsafe<{ pid: number }[]>(
    `select pid from pg_stat_activity where datname = current_database()
     and application_name = 'follower' and ${where}`,
  );

const isListening = async (): Promise<boolean> =>
  (await followers("query like 'listen%'")).length > 0;

describe("a process that follows the revisions", () => {
  it("learns of a commit elsewhere by NOTIFY, without waiting for its poll", async () => {
    follow(600_000, () => undefined);
    await until(isListening);
    for (let round = 0; round < 20; round += 1) await until(isAt(await commitElsewhere()));
    expect(connects).toBe(2);
  });

  it("learns of it by its poll where nothing can listen", async () => {
    follow(50, (connection) => (connection === 0 ? undefined : 1));
    for (let round = 0; round < 3; round += 1) await until(isAt(await commitElsewhere()));
    expect(await isListening()).toBe(false);
  });

  it("does not ask again for what it has committed itself", async () => {
    follow(600_000, () => undefined);
    await until(isListening);
    await until(isAt(await commitElsewhere()));
    const { epoch, revision } = layers.memory.point();
    const mine = { revision: revision + 1, committedAt: "", message: "", entries: [] };
    layers.takeOwn({ epoch, after: revision, revisions: [mine] });
    const before = looks();
    await database.sql.notify("fairlead_revision", String(revision + 1));
    // What it has not committed it looks for, and finds that it does not exist.
    await database.sql.notify("fairlead_revision", String(revision + 2));
    await until(isAt(revision));
    expect(looks() - before).toBe(1);
  });
});

describe("a LISTEN that is lost", () => {
  it("is made anew where its connection ends", async () => {
    follow(100, () => undefined);
    await until(isListening);
    for (let round = 0; round < 3; round += 1) {
      const [gone] = await followers("query like 'listen%'");
      await database.sql`select pg_terminate_backend(${gone!.pid})`;
      await until(async () => {
        await commitElsewhere();
        const [next] = await followers("query like 'listen%'");
        return next !== undefined && next.pid !== gone!.pid;
      });
    }
    await until(isAt(await commitElsewhere()));
    expect(await isListening()).toBe(true);
  });

  it("is found out by the poll where its connection swallows everything, and replaced", async () => {
    follow(50, (connection) => (connection === 1 ? proxy.port : undefined));
    await until(isListening);
    await until(isAt(await commitElsewhere()));
    proxy.hold();
    expect(connects).toBe(2);
    await until(isAt(await commitElsewhere()));
    await until(() => connects > 2);
    proxy.pass();
    await until(isListening);
    await until(isAt(await commitElsewhere()));
  });

  it("is left alone as long as it tells everything", async () => {
    follow(20, () => undefined);
    await until(isListening);
    for (let round = 0; round < 30; round += 1) {
      await until(isAt(await commitElsewhere()));
      await sleep(5);
    }
    expect(connects).toBe(2);
  });
});

describe("looks that hang", () => {
  it("are given up, said once, and go on when PostgreSQL answers again", async () => {
    follow(50, () => proxy.port);
    await until(isAt(await commitElsewhere()));
    proxy.hold();
    const revision = await commitElsewhere();
    await until(() => connects > 6);
    proxy.pass();
    await until(isAt(revision));
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      "cannot learn of new revisions",
      "layers are fresh again",
    ]);
  });
});

it("leaves no connection behind when it is stopped", async () => {
  follow(20, () => undefined);
  await until(isListening);
  await stop();
  await until(async () => (await followers("true")).length === 0);
  expect(connects).toBe(2);
});
