import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, put, remove } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { RecordingOutlet } from "../../test/helpers/streams/recording-outlet.ts";
import {
  caughtUp,
  type StreamProcess,
  startStreamProcess,
} from "../../test/helpers/streams/stream-process.ts";
import type { Operation } from "../changes/change-set.ts";
import type { Sql } from "../platform/sql.ts";
import { formatId } from "./stream-id.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
/** Told from the first revision on. */
let first: StreamProcess;
let references: readonly (readonly [object, RecordingOutlet])[];
let newest = 0;

const pay = { app: "pay", environment: "production" };
const scopes = [{}, { environment: "production" }, { app: "pay" }, pay, { app: "shop" }];
const keys = ["db.size", "db.host", "mail.host", "log.level"];

/** Two hundred revisions of one or two entries in all sorts of layers. */
const commitMany = async ({ ctx }: StreamProcess): Promise<number> => {
  let revision = 0;
  const living = new Set<string>();
  for (let round = 0; round < 200; round += 1) {
    const [scope, other] = [scopes[round % 5]!, scopes[(round * 3 + 1) % 5]!];
    const key = keys[round % 4]!;
    const [id, otherId] = [scope, other].map((one) => JSON.stringify([one, key]));
    const isRemoved = round % 7 === 6 && living.delete(id!);
    const operations: Operation[] = [isRemoved ? remove(key, scope) : put(key, round, scope)];
    if (!isRemoved) living.add(id!);
    if (otherId !== id) {
      operations.push(put(key, -round, other));
      living.add(otherId!);
    }
    revision = (await commit(ctx, ...operations)).revision ?? revision;
  }
  return revision;
};

beforeAll(async () => {
  database = await createTestDatabase();
  first = await startStreamProcess(database.sql);
  await commit(first.ctx, put("begin", 0), put("begin", 0, pay), put("begin", 0, { app: "shop" }));
  const grants = [{ role: "viewer", effect: "allow" as const, app: "pay", keys: ["db.*"] }];
  const filters = [{}, pay, { ...pay, prefix: "db." }, { ...pay, grants }, { app: "shop" }];
  references = filters.map((filter) => [filter, first.open(filter)] as const);
  newest = await commitMany(first);
  const client = first.open({ after: idOf(0) });
  await client.until(({ revisions }) => revisions().length > 0);
  await first.ctx.layers!.followOnce(database.sql);
  await nextTurn();
  await nextTurn();
});
afterAll(async () => {
  await database.drop();
});

const idOf = (revision: number): string =>
  formatId({ epoch: first.ctx.layers!.memory.point().epoch, revision });

/** Waits until a client has been told of everything that there is. */
const caughtUpIn = (process: StreamProcess, client: RecordingOutlet): Promise<void> =>
  caughtUp([process], client, process.ctx.layers!.memory.point().revision);

describe("who comes back with the id of the last event", () => {
  it.each([
    ["the store", () => startStreamProcess(database.sql)],
    ["what the process remembers", async () => first],
  ])("gets all that was missed, and just as others got it then, from %s", async (_, start) => {
    const process = await start();
    for (const [filter, reference] of references) {
      for (const after of [1, 2, 63, 64, 65, 100, 127, 128, 190, newest - 1, newest]) {
        const client = process.open({ ...filter, after: idOf(after) });
        await caughtUpIn(process, client);
        const missed = reference.events().filter(({ id }) => Number(id.split("-")[1]) > after);
        expect(client.events()).toEqual(missed);
        client.leave();
      }
    }
  });

  it("gets what happens from then on, after what was missed", async () => {
    const process = await startStreamProcess(database.sql);
    const client = process.open({ app: "later", after: idOf(newest - 100) });
    const { revision } = await commit(process.ctx, put("live", 1, { app: "later" }));
    await client.until(({ revisions }) => revisions().includes(revision!));
    const revisions = client.revisions();
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(revisions.length).toBeGreaterThan(20);
  });

  it("shares what is read with the thousands who come back at the same time", async () => {
    let queries = 0;
    const counted = new Proxy(database.sql, {
      apply: (sql: Sql, _, parameters: Parameters<Sql>) => {
        queries += 1;
        return sql(...parameters);
      },
    });
    const process = await startStreamProcess(counted);
    queries = 0;
    const clients = Array.from({ length: 300 }, (_, index) =>
      process.open({ after: idOf(1 + (index % 150)) }),
    );
    for (const client of clients) await caughtUpIn(process, client);
    expect(clients.every(({ events }) => events().every(({ event }) => event === "change"))).toBe(
      true,
    );
    expect(queries).toBeLessThan(10);
  });

  it("is waited for while it takes what it missed slowly, and gets all of it", async () => {
    const process = await startStreamProcess(database.sql);
    const client = process.open({ ...pay, after: idOf(1) });
    client.waitingBytes = 70_000;
    await client.until(({ revisions }) => revisions().length === 1);
    for (let turn = 0; turn < 50; turn += 1) await nextTurn();
    expect(client.revisions()).toHaveLength(1);
    client.waitingBytes = 0;
    await caughtUpIn(process, client);
    const [, reference] = references[1]!;
    expect(client.events()).toEqual(reference.events().filter(({ id }) => id !== idOf(1)));
  });

  it("is told the values of now, also where they must be read first", async () => {
    const process = await startStreamProcess(database.sql, { MAX_LAYER_MEMORY_BYTES: "1" });
    const client = process.open({ ...pay, values: true, after: idOf(1) });
    await caughtUpIn(process, client);
    const { revision } = await commit(process.ctx, put("db.size", "now", pay));
    await client.until(({ revisions }) => revisions().at(-1) === revision);
    const told = client.events().map(({ data }) => JSON.stringify(data));
    expect(told.at(-1)).toContain('"value":"now"');
    expect(told.every((text) => text.includes('"value":'))).toBe(true);
  });
});

describe("who cannot be told what they missed", () => {
  const resetOf = (client: RecordingOutlet) => client.events()[0];

  it.each([
    ["garbage", "no-id", "unknown-id"],
    ["an id of another epoch", `${"f".repeat(16)}-1`, "other-epoch"],
  ])("is told to read anew: %s", async (_, after, reason) => {
    const client = first.open({ after });
    await client.until(({ events }) => events().length > 0);
    expect(resetOf(client)).toMatchObject({ event: "reset", data: { reason } });
    expect(client.received[0]?.id).toBe(resetOf(client)?.id);
  });

  it("is told to read anew with an id that PostgreSQL has not reached, and then what happens", async () => {
    const process = await startStreamProcess(database.sql);
    const client = process.open({ after: idOf(process.ctx.layers!.memory.point().revision + 5) });
    await client.until(({ events }) => events().length > 0);
    expect(resetOf(client)).toMatchObject({ event: "reset", data: { reason: "ahead" } });
    const { revision } = await commit(process.ctx, put("after.ahead", 1));
    await client.until(({ revisions }) => revisions().at(-1) === revision);
  });

  it("is no one whom another process has told more than this one knows", async () => {
    const process = await startStreamProcess(database.sql);
    const { revision } = await commit(first.ctx, put("elsewhere", 1));
    const client = process.open({ after: idOf(revision!) });
    const next = await commit(first.ctx, put("elsewhere", 2));
    await process.follow();
    await client.until(({ revisions }) => revisions().length > 0);
    expect(client.events().map(({ id }) => id)).toEqual([idOf(next.revision!)]);
  });

  it("is told to read anew past retention, and nobody else", async () => {
    const oldest = 50;
    await database.sql`delete from fairlead.outbox where revision < ${oldest}`;
    const process = await startStreamProcess(database.sql);
    const [past, just] = [
      process.open({ ...pay, after: idOf(oldest - 2) }),
      process.open({ ...pay, after: idOf(oldest - 1) }),
    ];
    for (const client of [past, just]) await caughtUpIn(process, client);
    expect(past.events().map(({ data, event }) => ({ data, event }))).toEqual([
      { event: "reset", data: { reason: "past-retention" } },
    ]);
    const [, reference] = references[1]!;
    const missed = reference.events().filter(({ id }) => Number(id.split("-")[1]) >= oldest);
    expect(just.events().slice(0, missed.length)).toEqual(missed);
  });

  it("is told to come back where the database is away", async () => {
    const process = await startStreamProcess(database.sql);
    const away = Object.assign(
      () => Promise.reject(Object.assign(new Error(), { code: "ECONNREFUSED" })),
      {},
    ) as never;
    const { ctx, hub } = process;
    const client = first.open();
    client.leave();
    const outlet = client;
    outlet.endedWith = undefined;
    hub.open(
      {
        identity: ctx,
        filter: { app: "", environment: "", prefix: "", values: false },
        after: idOf(60),
        deps: { sql: away, log: ctx.log },
      },
      outlet,
    );
    await outlet.until(({ endedWith }) => endedWith !== undefined);
    expect(outlet.received.at(-1)).toMatchObject({
      event: "close",
      data: { reason: "unavailable" },
    });
    expect(outlet.received.at(-1)?.id).toBe(idOf(60));
  });
});

describe("a process that has fallen behind", () => {
  it("tells what it missed from the store, where the history is the same", async () => {
    const process = await startStreamProcess(database.sql);
    const client = process.open();
    const committed: (number | null)[] = [];
    for (let round = 0; round < 5; round += 1) {
      committed.push((await commit(first.ctx, put("behind", `${newest} ${round}`))).revision);
    }
    const { memory } = process.ctx.layers!;
    memory.reset({ epoch: memory.point().epoch, revision: committed.at(-1)! });
    await client.until(({ revisions }) => revisions().length === 5);
    expect(client.revisions()).toEqual(committed);
    expect(client.events()).toHaveLength(5);
    const { revision } = await commit(process.ctx, put("behind", "live"));
    await client.until(({ revisions }) => revisions().length === 6);
    expect(client.revisions().at(-1)).toBe(revision);
  });

  it("tells everybody to read anew, where it is another one", async () => {
    const process = await startStreamProcess(database.sql);
    const [client, other] = [process.open(), process.open({ ...pay, values: true })];
    const epoch = "00000000000000aa";
    await database.sql`update fairlead.deployment set epoch = ${epoch}`;
    await process.follow();
    for (const one of [client, other]) {
      await one.until(({ events }) => events().length > 0);
      expect(one.events()).toMatchObject([{ event: "reset", data: { reason: "other-epoch" } }]);
      expect(one.events()[0]?.id.startsWith(`${epoch}-`)).toBe(true);
    }
    const { revision } = await commit(process.ctx, put("anew", 1));
    await client.until(({ revisions }) => revisions().length === 1);
    expect(client.events().at(-1)?.id).toBe(`${epoch}-${revision}`);
  });
});
