import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { guardSql, loadOf } from "./guard-sql.ts";
import { connectSql, isUnavailable, type Sql } from "./sql.ts";
import { inTransaction } from "./transaction.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Sql;
let guarded: Sql;
let isOpen: boolean;

const lock = 77;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = connectSql(database.url, { max: 2 });
});

afterAll(async () => {
  await pool.end({ timeout: 1 });
  await database.drop();
});

beforeEach(() => {
  isOpen = true;
  guarded = guardSql(pool, { maxAtOnce: 5, isOpen: () => isOpen });
});

/** Runs `use` while every statement that takes the lock has to wait for it. */
const whileLocked = async (use: () => Promise<void>): Promise<void> => {
  await database.sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${lock})`;
    await use();
  });
};

const waitForLock = async (sql: Sql): Promise<string> => {
  await sql`select pg_advisory_lock_shared(${lock}), pg_advisory_unlock_shared(${lock})`;
  return "done";
};

const refused = { code: "UNAVAILABLE", headers: { "retry-after": "1" } };

describe("a guarded handle", () => {
  it("lets so many run or wait, refuses one more at once, and forgets who is done", async () => {
    const sql = guarded;
    let waiting: Promise<string>[] = [];
    await whileLocked(async () => {
      waiting = Array.from({ length: 5 }, () => waitForLock(sql));
      await expect(waitForLock(sql)).rejects.toMatchObject(refused);
      await expect(sql.begin(async (tx) => tx`select 1`)).rejects.toMatchObject(refused);
      await expect(sql.unsafe("select 1")).rejects.toMatchObject(refused);
      expect(loadOf(sql)).toEqual({ atOnce: 5, maxAtOnce: 5 });
    });
    expect(await Promise.all(waiting)).toEqual(Array(5).fill("done"));
    expect(loadOf(sql)?.atOnce).toBe(0);
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  });

  it("counts a transaction once, however many statements it has", async () => {
    const sql = guarded;
    const most = await inTransaction(sql, "read write", async (tx) => {
      await Promise.all([tx`select 1`, tx`select 2`]);
      return loadOf(sql)?.atOnce;
    });
    expect(most).toBe(1);
    expect(loadOf(sql)?.atOnce).toBe(0);
  });

  it("counts no part of a statement, and none that is never run", async () => {
    const sql = guarded;
    const part = sql`and ${true}`;
    void sql`select 'never waited for'`;
    const [row] = await sql`select 1 as one from ${sql("fairlead.deployment")} where true ${part}`;
    expect(row).toEqual({ one: 1 });
    expect(loadOf(sql)?.atOnce).toBe(0);
  });

  it("gives the place of what fails to others", async () => {
    const sql = guarded;
    const failing = Array.from({ length: 5 }, () => sql`select 1 / 0`);
    const outcomes = await Promise.allSettled(failing);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill("rejected"));
    await expect(sql.begin(async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(loadOf(sql)?.atOnce).toBe(0);
  });

  it("refuses everything until it is open, as a database that is away", async () => {
    isOpen = false;
    const error = await guarded`select 1`.catch((reason: unknown) => reason);
    expect(error).toMatchObject(refused);
    expect(isUnavailable(error)).toBe(true);
    await expect(guarded.begin(async () => {})).rejects.toMatchObject(refused);
    isOpen = true;
    await expect(guarded`select 1`).resolves.toHaveLength(1);
  });
});
