import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { Ctx } from "../../src/context.ts";
import { readLayers } from "../../src/layers/read-layers.ts";
import { connectSql, isUnavailable, type Sql } from "../../src/platform/sql.ts";
import { connectTcp } from "../../src/platform/tcp-socket.ts";
import { commit, outcomesOf, put } from "../helpers/change-sets.ts";
import { effort } from "../helpers/effort.ts";
import {
  type RestartablePostgres,
  startRestartablePostgres,
} from "../helpers/restartable-postgres.ts";
import { createTestContext } from "../helpers/test-context.ts";
import { startWriteLoad } from "../helpers/write-load.ts";

const clients = 12;
// Nothing that a client waits for may take longer, whether PostgreSQL is there or not.
const patienceMs = 5_000;

let postgres: RestartablePostgres;
let sql: Sql;
/** One process for all that happens here: nothing of it is ever started anew. */
let ctx: Ctx;

beforeAll(async () => {
  postgres = await startRestartablePostgres();
  sql = connectSql(postgres.url, { max: 10, name: "committer", createSocket: connectTcp });
  ctx = createTestContext(sql);
});

afterAll(async () => {
  await sql.end({ timeout: 1 });
  await postgres.remove();
});

/** What the store holds, asked on a connection that no fault has hit. */
const aside = async <Result>(use: (other: Sql) => Promise<Result>): Promise<Result> => {
  const other = connectSql(postgres.url, { max: 1, name: "aside" });
  try {
    return await use(other);
  } finally {
    await other.end({ timeout: 1 });
  }
};

const currentRevision = async (other: Sql): Promise<number> => {
  const [row] = await other<{ revision: number }[]>`select revision from fairlead.deployment`;
  return row!.revision;
};

const committers = `select pid from pg_stat_activity where application_name = 'committer'`;

describe("under load", () => {
  test.each(["immediate", "fast"] as const)(
    "a stop (%s) loses and tears nothing",
    async (mode) => {
      for (let round = 0; round < effort; round += 1) {
        const load = startWriteLoad(ctx, clients);
        await load.acknowledged(20);
        await postgres.stop(mode);
        await sleep(200);
        await postgres.start();
        await load.acknowledged(10);
        expect(await load.stop()).toBeGreaterThan(0);
        await aside((other) => load.expectPromisesKept(other));
      }
    },
    60_000 * effort,
  );

  it(
    "loses and tears nothing where its connections are terminated again and again",
    async () => {
      const load = startWriteLoad(ctx, clients);
      await aside(async (other) => {
        for (let round = 0; round < 25 * effort; round += 1) {
          await load.acknowledged(2);
          await sleep(Math.random() * 5);
          await other.unsafe(`select pg_terminate_backend(pid) from (${committers}) c`);
        }
      });
      await load.acknowledged(5);
      expect(await load.stop()).toBeGreaterThan(0);
      await aside((other) => load.expectPromisesKept(other));
    },
    60_000 * effort,
  );
});

describe("in the middle of a write", () => {
  /** Makes every write stop, its rows half written, for longer than the test lasts. */
  const holdWrites = async (other: Sql): Promise<void> => {
    await other`
      create or replace function hold() returns trigger language plpgsql as $$
      begin
        perform pg_sleep(600);
        return null;
      end $$`;
    await other`
      create trigger hold after insert on fairlead.outbox
      for each statement execute function hold()`;
  };

  const whenHeld = async (other: Sql): Promise<void> => {
    let held = false;
    while (!held) {
      const rows = await other`
        select pid from pg_stat_activity
        where application_name = 'committer' and wait_event = 'PgSleep'`;
      held = rows.length > 0;
    }
  };

  const ways: Record<string, (other: Sql) => Promise<unknown>> = {
    "PostgreSQL stops (immediate)": () => postgres.stop("immediate"),
    "PostgreSQL stops (fast)": () => postgres.stop("fast"),
    "its connection is terminated": (other) =>
      other.unsafe(`select pg_terminate_backend(pid) from (${committers}) c`),
  };

  test.each(Object.keys(ways))("a change set is absent where %s", async (way) => {
    const before = await aside(currentRevision);
    const key = `middle.${Object.keys(ways).indexOf(way)}`;
    const operations = Array.from({ length: 300 }, (_, index) => put(`${key}.${index}`, index));
    const answer = await aside(async (other) => {
      await holdWrites(other);
      const settled = Promise.allSettled([commit(ctx, ...operations)]);
      await whenHeld(other);
      await ways[way]!(other);
      return settled;
    });
    if (way.startsWith("PostgreSQL")) await postgres.start();
    await aside((other) => other`drop trigger hold on fairlead.outbox`);
    expect(outcomesOf(answer)).toEqual(["UNAVAILABLE"]);
    expect(await aside(currentRevision)).toBe(before);
    const written = await aside(
      (other) => other`select from fairlead.entry_versions where starts_with(key, ${key + "."})`,
    );
    expect(written).toHaveLength(0);
    // The very next one is committed: what happened before is none of its business.
    const { revision } = await commit(ctx, ...operations);
    expect(revision).toBe(before + 1);
  });
});

describe("while PostgreSQL is away", () => {
  it("answers UNAVAILABLE soon, however long that lasts, and is back soon after PostgreSQL is", async () => {
    const inTime = async (ask: () => Promise<unknown>): Promise<unknown> => {
      const beganMs = performance.now();
      const [settled] = await Promise.allSettled([ask()]);
      expect(performance.now() - beganMs).toBeLessThan(patienceMs);
      return settled.status === "fulfilled" ? settled.value : settled.reason;
    };
    await postgres.stop("fast");
    try {
      for (let turn = 0; turn < 20; turn += 1) {
        expect(await inTime(() => commit(ctx, put("away", turn)))).toMatchObject({
          code: "UNAVAILABLE",
        });
        const query = { kind: "config", app: "", environment: "" };
        expect(isUnavailable(await inTime(() => readLayers(sql, query)))).toBe(true);
        await sleep(10);
      }
    } finally {
      await postgres.start();
    }
    expect(await inTime(() => commit(ctx, put("away", "back")))).toMatchObject({
      changes: [{ after: "back" }],
    });
  });
});
