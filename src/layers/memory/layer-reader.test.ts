import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newEpoch } from "../../../scripts/new-epoch.ts";
import { commit, put, remove } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { observeSql } from "../../../test/helpers/observed-sql.ts";
import { startTcpProxy, type TcpProxy } from "../../../test/helpers/tcp-proxy.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { createCommitter } from "../../changes/committer.ts";
import { evaluationRules } from "../../changes/evaluation-rules.ts";
import type { Ctx } from "../../context.ts";
import { connectSql, type Sql } from "../../platform/sql.ts";
import { connectTcp } from "../../platform/tcp-socket.ts";
import { readEffective } from "../read-effective.ts";
import { effectiveOf } from "../read-position.ts";
import { createLayerMemory } from "./layer-memory.ts";
import { createLayerReader, type LayerReader } from "./layer-reader.ts";

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

let database: TestDatabase;
let proxy: TcpProxy;
/** Another process. */
let other: Ctx;
/** The process whose reader is tested, and what it commits itself. */
let reader: LayerReader;
let own: Ctx;

const positionOf = (app: string) => ({ kind: "config", app, environment: "production" });

const ownOf = ({ sql }: TestDatabase, of: LayerReader): Ctx => {
  const ctx = createTestContext(sql);
  const rules = evaluationRules(ctx);
  const committer = createCommitter({ ...ctx, rules, onCommit: (run) => of.takeOwn(run) });
  return { ...ctx, committer };
};

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(Number(new URL(database.url).port));
  other = createTestContext(database.sql);
  for (const app of ["pay", "search"]) {
    await commit(other, put("a", 1, { app }), put("b", { x: 1 }, { app }));
  }
});

afterAll(async () => {
  await proxy.close();
  await database.drop();
});

beforeEach(async () => {
  reader = createLayerReader(createLayerMemory(10_000_000), {
    lookTimeoutMs: 500,
    loadTimeoutMs: 500,
  });
  own = ownOf(database, reader);
  await reader.followOnce(database.sql);
});

const valueOf = (of: LayerReader, app: string, key: string): unknown =>
  of.peek(positionOf(app))?.view.resolved(key)?.value;

const open = (sql: Sql, app: string): Promise<number> =>
  reader.open(sql, positionOf(app), ({ revision }) => revision);

/** A handle whose bytes can be held up. */
const viaProxy = (max = 2): Sql => {
  const url = Object.assign(new URL(database.url), { port: String(proxy.port) });
  return connectSql(url.href, { max, createSocket: connectTcp });
};

describe("a layer that is not in memory", () => {
  it("is loaded once, however many ask for it", async () => {
    const { begun, sql } = observeSql(database.sql);
    await Promise.all(Array.from({ length: 100 }, () => open(sql, "pay")));
    expect(begun()).toBe(1);
    await Promise.all(Array.from({ length: 100 }, () => open(sql, "search")));
    // The layers that both positions share are here already.
    expect(begun()).toBe(2);
    expect(reader.memory.figures().layers).toBe(6);
    expect(reader.memory.figures().expected).toBe(0);
  });

  it("is read at once where a commit is known that the load shows and memory does not", async () => {
    const { revision } = await commit(other, put("ahead", 1, { app: "pay" }));
    expect(reader.memory.point().revision).toBeLessThan(revision!);
    expect(await open(database.sql, "pay")).toBe(revision);
    expect(valueOf(reader, "pay", "ahead")).toBe(1);
  });

  it("is answered for, right and whole, where not even one fits into memory", async () => {
    const small = createLayerReader(createLayerMemory(1));
    await small.followOnce(database.sql);
    const positions = ["pay", "search", ""].flatMap((app) =>
      ["", "production", "staging"].map((environment) => ({ kind: "config", app, environment })),
    );
    await Promise.all(
      [...positions, ...positions, ...positions].map(async (position) => {
        const stored = await readEffective(database.sql, position);
        const read = await small.open(database.sql, position, (opened) =>
          effectiveOf(opened, position),
        );
        const values = ({ resolved }: typeof stored) =>
          [...resolved].map(([key, { value }]) => [key, value]);
        expect(values(read)).toEqual(values(stored));
      }),
    );
    expect(small.memory.figures().layers).toBeLessThanOrEqual(4);
  });

  it("can be asked for again after its load has failed, and the failure leaves nothing behind", async () => {
    const sql = viaProxy();
    const { expected } = reader.memory.figures();
    const cut = proxy.watch("json_to_recordset", "cut before it arrives");
    await expect(Promise.all([open(sql, "pay"), cut])).rejects.toMatchObject({ code: /^CONN/ });
    expect(reader.memory.figures().expected).toBe(expected);
    await expect(open(sql, "pay")).resolves.toBeGreaterThan(0);
    await sql.end({ timeout: 1 });
  });

  it("is given up where its load hangs; others go on, and the next load does not hang", async () => {
    await open(database.sql, "search");
    const sql = viaProxy(1);
    const held = proxy.watch("json_to_recordset", "hold the answer");
    const hanging = open(sql, "pay");
    await held;
    expect(valueOf(reader, "search", "a")).toBe(1);
    await commit(own, put("a", 2, { app: "search" }));
    expect(valueOf(reader, "search", "a")).toBe(2);
    await expect(hanging).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(reader.memory.figures().expected).toBe(0);
    // Its only connection still hangs.
    await expect(open(sql, "pay")).resolves.toBeGreaterThan(0);
    await commit(own, put("a", 1, { app: "search" }));
    proxy.cut();
    await sql.end({ timeout: 1 });
  });
});

describe("a look that hangs", () => {
  it("does not hold up one on another handle", async () => {
    const sql = viaProxy();
    const held = proxy.watch("catalogue_version", "hold the answer");
    const hanging = reader.followOnce(sql);
    await held;
    const { revision } = await commit(other, put("c", 1));
    await reader.followOnce(database.sql);
    expect(reader.memory.point().revision).toBe(revision);
    await expect(hanging).rejects.toMatchObject({ code: "UNAVAILABLE" });
    proxy.cut();
    await sql.end({ timeout: 1 });
  });
});

describe("a name that is not known", () => {
  it("costs no memory, and at most one query at a time, however many are asked for", async () => {
    const { mostAtOnce, sql } = observeSql(database.sql);
    const before = reader.memory.figures();
    const { apps } = reader.memory.names();
    const known = apps.size;
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, (_, index) =>
        reader.existing(sql, { app: `unknown-${index}`, environment: "production" }),
      ),
    );
    expect(new Set(answers.map(({ appExists }) => appExists))).toEqual(new Set([false]));
    expect(mostAtOnce()).toBe(1);
    expect(reader.memory.figures()).toEqual(before);
    expect(reader.memory.names().apps.size).toBe(known);
  });

  it("is known as soon as another process has made it", async () => {
    await commit(other, put("a", 1, { app: "newcomer" }));
    const scope = { app: "newcomer", environment: "production" };
    expect(await reader.existing(database.sql, scope)).toEqual({
      appExists: true,
      environmentExists: true,
    });
    expect(reader.peek(positionOf("newcomer"))).toBeUndefined();
    await open(database.sql, "newcomer");
    expect(valueOf(reader, "newcomer", "a")).toBe(1);
  });
});

describe("what this process commits", () => {
  it("is in its next read, in the text that others load", async () => {
    const value = { longer: 1, b: { z: -0, y: [{ bb: 1, a: 2 }] }, a: 1, "10": 1, "9": 2 };
    await open(database.sql, "pay");
    await commit(own, put("own", value, { app: "pay" }));
    const shown = JSON.stringify(valueOf(reader, "pay", "own"));
    const fresh = createLayerReader(createLayerMemory(10_000_000));
    await fresh.followOnce(database.sql);
    await fresh.open(database.sql, positionOf("pay"), () => {});
    expect(JSON.stringify(valueOf(fresh, "pay", "own"))).toBe(shown);
    await commit(own, remove("own", { app: "pay" }));
    expect(valueOf(reader, "pay", "own")).toBeUndefined();
    expect(reader.peek(positionOf("pay"))).toBeDefined();
  });

  it("is reached before it is told, though another process has committed in between", async () => {
    await open(database.sql, "pay");
    await commit(other, put("between", 1));
    const { revision } = await commit(own, put("own", 1, { app: "pay" }));
    expect(reader.memory.point().revision).toBeLessThan(revision!);
    await reader.reach(database.sql, { revision: revision! });
    expect(reader.memory.point().revision).toBe(revision);
    expect(valueOf(reader, "pay", "own")).toBe(1);
    expect(valueOf(reader, "pay", "between")).toBe(1);
    await commit(own, remove("own", { app: "pay" }), remove("between"));
  });

  it("cannot be told while it cannot be reached", async () => {
    await commit(other, put("between", 2));
    const { revision } = await commit(own, put("own", 2));
    const sql = viaProxy();
    await sql.end();
    await expect(reader.reach(sql, { revision: revision! })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await reader.reach(database.sql, { revision: revision! });
    const { begun, sql: observed } = observeSql(database.sql);
    await reader.reach(observed, { revision: revision! });
    expect(begun()).toBe(0);
    await commit(own, remove("own"), remove("between"));
  });
});

describe("a restore of an older backup", () => {
  let restored: TestDatabase;

  beforeAll(async () => {
    restored = await createTestDatabase();
    const ctx = createTestContext(restored.sql);
    await commit(ctx, put("a", "restored", { app: "pay" }));
    // Names count on in both histories, and mean other ones.
    const [row] = await database.sql<{ version: number }[]>`
      select catalogue_version as version from fairlead.deployment`;
    await newEpoch(restored.sql);
    await restored.sql`update fairlead.deployment set catalogue_version = ${row!.version}`;
  });

  afterAll(() => restored.drop());

  it("resets memory: older values under lower revisions, and only the names that exist there", async () => {
    await open(database.sql, "pay");
    const before = reader.memory.point();
    const resets: unknown[] = [];
    reader.memory.listen({ committed: () => {}, reset: (point) => resets.push(point) });
    await reader.followOnce(restored.sql);
    const after = reader.memory.point();
    expect(after.revision).toBeLessThan(before.revision);
    expect(after.epoch).not.toBe(before.epoch);
    expect(resets).toEqual([after]);
    expect(reader.peek(positionOf("pay"))).toBeUndefined();
    await open(restored.sql, "pay");
    expect(valueOf(reader, "pay", "a")).toBe("restored");
    expect(reader.peek(positionOf("search"))).toBeUndefined();
    expect(await reader.existing(restored.sql, { app: "search", environment: "" })).toMatchObject({
      appExists: false,
    });
  });

  it("does not keep what was committed before it from being read", async () => {
    await commit(other, put("between", 3));
    await commit(own, put("own", 3));
    await reader.followOnce(restored.sql);
    await open(restored.sql, "pay");
    expect(reader.peek(positionOf("pay"))).toBeDefined();
    const { begun, sql } = observeSql(restored.sql);
    await reader.reach(sql, { revision: 1 });
    expect(begun()).toBe(0);
  });

  it("is found out by a commit of this process, whose value is in its next read", async () => {
    await open(database.sql, "pay");
    const here = ownOf(restored, reader);
    const { revision } = await commit(here, put("a", "after", { app: "pay" }));
    expect(reader.memory.point().revision).toBeGreaterThan(revision!);
    await reader.reach(restored.sql, { revision: revision! });
    await open(restored.sql, "pay");
    expect(valueOf(reader, "pay", "a")).toBe("after");
  });
});

it("counts what it answers, what it loads for that, and what is older than promised", async () => {
  await open(database.sql, "pay");
  await open(database.sql, "pay");
  expect(reader.countRead(60_000)).toBeUndefined();
  expect(reader.countRead(-1)).toBeGreaterThanOrEqual(0);
  const { reads, misses, staleReads } = reader.figures();
  expect({ reads, misses, staleReads }).toEqual({ reads: 2, misses: 1, staleReads: 1 });
});
