import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { Ctx } from "../../src/context.ts";
import { createApp } from "../../src/environments/create-app.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { connectTcp } from "../../src/platform/tcp-socket.ts";
import { commit, openGroup, outcomesOf, put } from "../helpers/change-sets.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { effort } from "../helpers/effort.ts";
import { expectSoundStore } from "../helpers/expect-sound-store.ts";
import { startTcpProxy, type TcpProxy } from "../helpers/tcp-proxy.ts";
import { createTestContext, withIdempotency } from "../helpers/test-context.ts";
import { startWriteLoad } from "../helpers/write-load.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let proxy: TcpProxy;
let throughProxy: Sql;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  const url = new URL(database.url);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  throughProxy = connectSql(url.href, { max: 4, createSocket: connectTcp });
  ctx = createTestContext(throughProxy);
});

afterAll(async () => {
  await expectSoundStore(database.sql);
  await throughProxy.end({ timeout: 1 });
  await proxy.close();
  await database.drop();
});

const countOf = async (message: string): Promise<number> => {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*) from fairlead.entry_versions where value = ${message}::text::jsonb`;
  return row?.count ?? 0;
};

/** Waits until a value is committed, as somebody else sees it. */
const committed = async (value: string): Promise<void> => {
  while ((await countOf(JSON.stringify(value))) === 0);
};

const unavailable = { code: "UNAVAILABLE", status: 503, headers: { "retry-after": "1" } };

describe("a commit whose answer is lost", () => {
  it("is UNAVAILABLE to its caller, and happens once when it is repeated with its Idempotency-Key", async () => {
    const caller = withIdempotency(ctx, "lost-answer");
    const operation = put("a", "lost answer", { expectedVersion: 0 });
    await commit(ctx, put("before", 1));
    const sent = proxy.watch("lost answer", "hold the answer");
    const answer = Promise.allSettled([commit(caller, operation)]);
    await sent;
    await committed("lost answer");
    proxy.cut();
    expect(await answer).toMatchObject([{ reason: unavailable }]);
    const again = await commit(caller, operation);
    expect(again).toMatchObject({ changes: [{ key: "a", version: 1, after: "lost answer" }] });
    expect(await commit(caller, operation)).toEqual(again);
    expect(await countOf('"lost answer"')).toBe(1);
  });

  it("is so for all of its group, each of which happens once when it is repeated", async () => {
    const callers = Array.from({ length: 20 }, (_, index) =>
      withIdempotency(ctx, `group-${index}`),
    );
    const submit = (): Promise<unknown>[] =>
      callers.map((caller, index) =>
        commit(caller, put(`group.${index}`, `group ${index}`), put("shared", `shared ${index}`)),
      );
    const opened = openGroup(ctx);
    const sent = proxy.watch("group 19", "hold the answer");
    const answers = Promise.allSettled(submit());
    await opened;
    await sent;
    await committed("group 19");
    proxy.cut();
    for (const answer of await answers) expect(answer).toMatchObject({ reason: unavailable });
    await Promise.all(submit());
    for (const index of callers.keys()) expect(await countOf(`"shared ${index}"`)).toBe(1);
  });

  it("holds for a change of the catalogue too", async () => {
    const caller = withIdempotency(ctx, "app", { route: "POST /v1/apps" });
    const sent = proxy.watch("lost-app", "hold the answer");
    const answer = Promise.allSettled([createApp(caller, { name: "lost-app" })]);
    await sent;
    // Its transaction has more steps: cut in the middle, nothing of it happened.
    proxy.cut();
    const [{ status }] = await answer;
    expect(status).toBe("rejected");
    expect(await createApp(caller, { name: "lost-app" })).toMatchObject({ name: "lost-app" });
    expect(await createApp(caller, { name: "lost-app" })).toMatchObject({ name: "lost-app" });
  });
});

describe("a commit that never arrives", () => {
  it("is UNAVAILABLE, and absent; the committer goes on with what comes next", async () => {
    const sent = proxy.watch("never arrives", "cut before it arrives");
    const answers = await Promise.allSettled([
      commit(ctx, put("b", "never arrives"), put("b2", "never arrives")),
      sent,
    ]);
    expect(answers[0]).toMatchObject({ reason: unavailable });
    expect(await countOf('"never arrives"')).toBe(0);
    expect(await commit(ctx, put("b", 1, { expectedVersion: 0 }))).toMatchObject({
      changes: [{ version: 1 }],
    });
  });

  it("fails the members of its group only: those that wait behind it are committed", async () => {
    const opened = openGroup(ctx);
    const sent = proxy.watch("cut off", "cut before it arrives");
    const first = Array.from({ length: 256 }, (_, index) =>
      commit(ctx, put(`c.${index}`, "cut off")),
    );
    const behind = Array.from({ length: 20 }, (_, index) =>
      commit(ctx, put(`c.${index}`, index, { expectedVersion: 0 })),
    );
    const settled = await Promise.allSettled([...first, ...behind]);
    await Promise.all([opened, sent]);
    expect(new Set(outcomesOf(settled.slice(0, 256)))).toEqual(new Set(["UNAVAILABLE"]));
    expect(settled.slice(256).filter(({ status }) => status === "rejected")).toEqual([]);
    expect(await countOf('"cut off"')).toBe(0);
  });
});

describe("connections that break again and again under load", () => {
  test.each(["close", "reset"] as const)(
    "lose and tear nothing (%s)",
    async (how) => {
      const load = startWriteLoad(ctx, 12);
      for (let round = 0; round < 40 * effort; round += 1) {
        await load.acknowledged(1);
        await sleep(Math.random() * 10);
        proxy.cut(how);
      }
      await load.acknowledged(5);
      expect(await load.stop()).toBeGreaterThan(0);
      await load.expectPromisesKept(database.sql);
    },
    60_000 * effort,
  );
});
