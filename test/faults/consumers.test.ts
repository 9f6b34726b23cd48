import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import type { Ctx } from "../../src/context.ts";
import { registerConsumers } from "../../src/outbox/register-consumers.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { connectTcp } from "../../src/platform/tcp-socket.ts";
import { commit, put } from "../helpers/change-sets.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { consumerState } from "../helpers/drain.ts";
import { effort } from "../helpers/effort.ts";
import { startRestartablePostgres } from "../helpers/restartable-postgres.ts";
import { createTestContext } from "../helpers/test-context.ts";
import { startWorker, type WorkerProcess } from "../helpers/worker-process/start-worker.ts";
import { startWriteLoad } from "../helpers/write-load.ts";

const both = "events:event copy:state";

let folder: string;
let workers: WorkerProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-effects-"));
  workers = [];
});

afterEach(async () => {
  for (const worker of workers) await worker.kill();
  await rm(folder, { recursive: true, force: true });
});

const start = (url: string, hold = "", consumers = both): WorkerProcess => {
  const worker = startWorker({
    DATABASE_URL: url,
    EFFECTS_FOLDER: folder,
    CONSUMERS: consumers,
    HOLD: hold,
  });
  workers.push(worker);
  return worker;
};

/** The effects of a consumer in the order in which they happened. */
const effectsOf = async (consumer: string): Promise<number[]> => {
  const text = await readFile(join(folder, consumer), "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [, revision = 0] = line.split(" ").map(Number);
    return revision;
  });
};

/** Every revision has taken effect, for the first time in order; the copy is the newest. */
const expectNothingLost = async (from: number, to: number): Promise<void> => {
  const first = [...new Set(await effectsOf("events"))];
  expect(first).toEqual(Array.from({ length: to - from + 1 }, (_, index) => from + index));
  expect(await effectsOf("copy")).toEqual([to]);
};

/** Consumers get what is committed from now on. */
const register = (sql: Sql): Promise<void> =>
  registerConsumers(sql, [
    { name: "events", kind: "event" },
    { name: "copy", kind: "state" },
  ]);

describe("worker processes", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let ctx: Ctx;

  beforeEach(async () => {
    database = await createTestDatabase();
    ctx = createTestContext(database.sql);
    await register(database.sql);
  });

  afterEach(async () => {
    for (const worker of workers) await worker.kill();
    await database.drop();
  });

  const commitMany = async (count: number): Promise<number> => {
    let newest = 0;
    for (let number = 0; number < count; number += 1) {
      newest = (await commit(ctx, put(`key.${number}`, Math.random()))).revision ?? 0;
    }
    return newest;
  };

  const cursorOf = async (consumer: string): Promise<number> =>
    (await consumerState(database.sql, consumer)).revision;

  const reachesBoth = (worker: WorkerProcess, revision: number): Promise<unknown> =>
    Promise.all([
      worker.reaches("events", "after", revision),
      worker.reaches("copy", "after", revision),
    ]);

  test.each(["before", "after"] as const)(
    "lose nothing when one is killed %s an effect",
    async (hold) => {
      await commitMany(12);
      const killed = start(database.url, hold);
      await Promise.all([killed.reaches("events", hold, 5), killed.reaches("copy", hold, 12)]);
      // The effect may be done, but that is not said: the cursor is where it was.
      expect([await cursorOf("events"), await cursorOf("copy")]).toEqual([0, 0]);
      await killed.kill();
      const newest = await commitMany(3);
      await reachesBoth(start(database.url), newest);
      await expectNothingLost(1, newest);
    },
  );

  it("drain one at a time, and the next takes over from one that has died", async () => {
    const holder = start(database.url, "before");
    const first = await commitMany(1);
    await Promise.all([
      holder.reaches("events", "before", first),
      holder.reaches("copy", "before", first),
    ]);
    const other = start(database.url, "", `${both} beacon:state`);
    // The other one is awake: what nobody holds, it drains.
    let newest = 0;
    for (let round = 0; round < 5; round += 1) {
      newest = await commitMany(1);
      await other.reaches("beacon", "after", newest);
    }
    const drained = other.told.filter(({ consumer }) => /events|copy/.test(consumer));
    expect(drained).toEqual([]);
    await holder.kill();
    await reachesBoth(other, newest);
    await expectNothingLost(first, newest);
  });

  it("go past one that stands still; when it goes on, it moves nothing back", async () => {
    const holder = start(database.url, "before");
    const first = await commitMany(1);
    await holder.reaches("events", "before", first);
    holder.signal("SIGSTOP");
    const newest = await commitMany(7);
    const other = start(database.url);
    await reachesBoth(other, newest);
    holder.signal("SIGCONT");
    holder.go();
    await holder.reaches("events", "after", first);
    const last = await commitMany(1);
    await Promise.race([
      holder.reaches("events", "after", last),
      other.reaches("events", "after", last),
    ]);
    const effects = await effectsOf("events");
    expect(new Set(effects).size).toBe(last - first + 1);
    while ((await cursorOf("events")) < last);
    expect(await cursorOf("events")).toBe(last);
  });

  it(
    "lose nothing when they are killed again and again",
    async () => {
      let newest = await commitMany(1);
      const first = newest;
      let isOver = false;
      const writing = (async () => {
        while (!isOver) newest = await commitMany(1);
      })();
      for (let round = 0; round < 4 * effort; round += 1) {
        const pair = [start(database.url), start(database.url)];
        const before = newest;
        await Promise.race(pair.map((worker) => worker.reaches("events", "before", before)));
        await sleep(Math.random() * 50);
        for (const worker of pair) await worker.kill();
      }
      isOver = true;
      await writing;
      await reachesBoth(start(database.url), newest);
      await expect(expectNothingLost(first, newest)).resolves.toBeUndefined();
    },
    90_000 * effort,
  );
});

describe("PostgreSQL restarted under load", () => {
  let postgres: Awaited<ReturnType<typeof startRestartablePostgres>>;
  let sql: Sql;

  beforeAll(async () => {
    postgres = await startRestartablePostgres();
    sql = connectSql(postgres.url, { max: 10, createSocket: connectTcp });
  });

  afterAll(async () => {
    await sql.end({ timeout: 1 });
    await postgres.remove();
  });

  test.each(["immediate", "fast"] as const)(
    "loses nothing on the way to consumers (%s)",
    async (mode) => {
      await sql`delete from fairlead.consumers`;
      await register(sql);
      const ctx = createTestContext(sql);
      const { revision: first } = await commit(ctx, put("restart.first", Math.random()));
      const pair = [start(postgres.url), start(postgres.url)];
      for (const worker of pair) await worker.starts();
      const load = startWriteLoad(ctx, 6);
      for (let round = 0; round < 2 * effort; round += 1) {
        await load.acknowledged(10);
        await postgres.stop(mode);
        await sleep(200);
        await postgres.start();
      }
      await load.acknowledged(10);
      await load.stop();
      const { revision } = await commit(ctx, put("restart.last", Math.random()));
      const newest = revision ?? 0;
      await Promise.all(
        ["events", "copy"].map((consumer) =>
          Promise.race(pair.map((worker) => worker.reaches(consumer, "after", newest))),
        ),
      );
      await expect(expectNothingLost(first ?? 0, newest)).resolves.toBeUndefined();
    },
    90_000 * effort,
  );
});
