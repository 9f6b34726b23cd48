import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { insertKey } from "../../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { connectSql, type Sql } from "../../platform/sql.ts";
import { createAccessStore } from "./access-store.ts";
import { createLastUses } from "./last-uses.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
let nowMs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2030-01-01T00:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

const passSeconds = (seconds: number): void => {
  nowMs += seconds * 1_000;
  vi.setSystemTime(Date.now() + seconds * 1_000);
};

const lastUseOf = async (id: string): Promise<string | null> => {
  const [row] = await sql<{ lastUsedAt: string | null }[]>`
    select last_used_at as "lastUsedAt" from fairlead.api_keys where id = ${id}`;
  return row!.lastUsedAt;
};

const startStore = () =>
  createAccessStore({
    bootstrapKey: "the-key-of-the-administrator",
    stalenessMs: 1_000_000,
    confirmAfterMs: 1_000_000,
    nowMs: () => nowMs,
  });

it("is written down by the sync, at most every half minute, and not for keys that were not used", async () => {
  const [key, other] = [await insertKey(sql), await insertKey(sql)];
  const store = startStore();
  await store.syncOnce(sql);
  await store.identify(sql, key.text);
  expect(await lastUseOf(key.id)).toBeNull();
  await store.syncOnce(sql);
  expect(await lastUseOf(key.id)).toBe("2030-01-01T00:00:00Z");

  passSeconds(11);
  await store.identify(sql, key.text);
  await store.identify(sql, "the-key-of-the-administrator");
  passSeconds(18.999);
  await store.syncOnce(sql);
  expect(await lastUseOf(key.id)).toBe("2030-01-01T00:00:00Z");
  passSeconds(0.001);
  await store.syncOnce(sql);
  expect(await lastUseOf(key.id)).toBe("2030-01-01T00:00:11Z");
  expect(await lastUseOf("bootstrap-admin")).toBe("2030-01-01T00:00:11Z");
  expect(await lastUseOf(other.id)).toBeNull();
});

it("is still known to within half a minute for a key that is used all the time", async () => {
  const key = await insertKey(sql);
  const store = startStore();
  await store.syncOnce(sql);
  for (let second = 0; second < 120; second += 1) {
    passSeconds(1);
    await store.identify(sql, key.text);
    await store.syncOnce(sql);
  }
  const writtenMs = Date.parse((await lastUseOf(key.id)) ?? "");
  // The half minute between writes, and the ten seconds for which a key is remembered.
  expect(Date.now() - writtenMs).toBeLessThanOrEqual(40_000);
});

it("never goes back, whichever process writes last", async () => {
  const key = await insertKey(sql);
  const [ahead, behind] = [createLastUses(), createLastUses()];
  behind.note(key.id, Date.now());
  ahead.note(key.id, Date.now() + 5_000);
  expect(await ahead.flushOnce(sql, nowMs)).toEqual({ written: 1 });
  expect(await behind.flushOnce(sql, nowMs)).toEqual({ written: 0 });
  expect(await lastUseOf(key.id)).toBe("2030-01-01T00:00:05Z");
});

it("is written without waiting for those who change a key, or write the uses of the same keys", async () => {
  const [changed, key] = [await insertKey(sql), await insertKey(sql)];
  const other = connectSql(database.url, { max: 1 });
  const uses = createLastUses();
  for (const { id } of [changed, key]) uses.note(id, Date.now());
  await sql.begin(async (tx) => {
    await tx`select from fairlead.api_keys where id = ${changed.id} for no key update`;
    expect(await uses.flushOnce(other, nowMs)).toEqual({ written: 1 });
    expect(await lastUseOf(key.id)).toBe("2030-01-01T00:00:00Z");
  });
  expect(await lastUseOf(changed.id)).toBeNull();
  // It is noted at the next use again.
  passSeconds(30);
  uses.note(changed.id, Date.now());
  expect(await uses.flushOnce(other, nowMs)).toEqual({ written: 1 });
  expect(await lastUseOf(changed.id)).toBe("2030-01-01T00:00:30Z");
  await other.end();
});
