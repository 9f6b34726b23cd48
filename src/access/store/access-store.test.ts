import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { insertKey, revokeKey } from "../../../test/helpers/access-rows.ts";
import {
  bootstrapKey,
  counted,
  identify,
  startStore,
  unauthenticated,
} from "../../../test/helpers/access-stores.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import type { Problem } from "../../errors.ts";
import type { Sql } from "../../platform/sql.ts";
import { generateKey, keyIdOf } from "./key-text.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());
afterEach(() => {
  vi.useRealTimers();
});

/** The text of a key with this id whose checksum is right, but of which only an attacker knows. */
const forgedKey = (id: string): string => {
  const unchecked = generateKey()
    .text.slice(0, -6)
    .replace(/^fl_.{16}/, `fl_${id}`);
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const digest = createHash("sha256").update(`checksum ${unchecked}`).digest().subarray(0, 6);
  return unchecked + Array.from(digest, (byte) => letters[byte % 62]).join("");
};

describe("who presents", () => {
  it("no key, is anonymous and may do nothing", async () => {
    const identity = await identify(await startStore(sql), sql, undefined);
    expect(identity).toMatchObject({ actor: { type: "anonymous" }, authentication: "none" });
    expect(identity.permissions.mayAnywhere("entries.read")).toBe(false);
  });

  it("a key, is who the key is for, with its grants, defaults and expiry", async () => {
    const key = await insertKey(sql, {
      name: "payments in production",
      grants: [{ role: "viewer", effect: "allow", app: "pay*" }],
      defaults: { app: "payments", environment: "production" },
      expiresAt: "2999-12-31T23:59:59.123456Z",
    });
    const identity = await identify(await startStore(sql), sql, key.text);
    expect(identity).toMatchObject({
      actor: { type: "key", id: key.id },
      authentication: "api-key",
      name: "payments in production",
      defaults: { app: "payments", environment: "production" },
      expiresAt: "2999-12-31T23:59:59.123456Z",
    });
    const entry = { kind: "config", app: "payments", environment: "production", key: "a" };
    expect(identity.permissions.may("entries.read", entry)).toBe(true);
    expect(identity.permissions.may("entries.read", { ...entry, app: "billing" })).toBe(false);
    expect(identity.permissions.may("entries.write", entry)).toBe(false);
  });

  it("anything else, is told the same whatever is wrong", async () => {
    const key = await insertKey(sql);
    const expired = await insertKey(sql, { expiresAt: "2020-01-01T00:00:00Z" });
    const revoked = await insertKey(sql);
    await revokeKey(sql, revoked.id);
    const forged = forgedKey(key.id);
    expect(keyIdOf(forged)).toBe(key.id);
    const store = await startStore(sql);
    const texts = [
      generateKey().text,
      forged,
      forgedKey(revoked.id),
      expired.text,
      revoked.text,
      `${key.text.slice(0, -1)}${key.text.endsWith("a") ? "b" : "a"}`,
      key.text.slice(0, -1),
      key.text + key.text,
      ` ${key.text}`,
      key.id,
      key.hash.toString("hex"),
      "bootstrap-admin",
      bootstrapKey.toUpperCase(),
      "",
      "\u0000",
      "__proto__",
      "x".repeat(100_000),
    ];
    const outcomes = await Promise.allSettled(texts.map((text) => identify(store, sql, text)));
    const told = outcomes.map((outcome) => {
      expect(outcome).toMatchObject({ status: "rejected", reason: unauthenticated });
      const problem = outcome.status === "rejected" ? (outcome.reason as Problem) : undefined;
      return JSON.stringify([problem?.message, problem]);
    });
    expect(new Set(told).size).toBe(1);
    // And the key itself still counts.
    expect(await identify(store, sql, key.text)).toMatchObject({ actor: { id: key.id } });
  });

  it("a key that expires meanwhile, is refused from then on, though it was remembered", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2030-01-01T00:00:00Z") });
    const key = await insertKey(sql, { expiresAt: "2030-01-01T00:00:05Z" });
    const store = await startStore(sql);
    await identify(store, sql, key.text);
    vi.setSystemTime(Date.parse("2030-01-01T00:00:04.999Z"));
    await identify(store, sql, key.text);
    vi.setSystemTime(Date.parse("2030-01-01T00:00:05Z"));
    await expect(identify(store, sql, key.text)).rejects.toMatchObject(unauthenticated);
  });

  it("a key that is known or cannot be one, causes no statement; unknown ones at a time share two", async () => {
    const key = await insertKey(sql);
    const store = await startStore(sql);
    const { count, sql: counting } = counted(sql);
    const known = [key.text, key.text, forgedKey(key.id), key.text.slice(1), bootstrapKey, ""];
    await Promise.allSettled(known.map((text) => identify(store, counting, text)));
    expect(count()).toBe(0);
    const unknown = Array.from({ length: 100 }, () => generateKey().text);
    await Promise.allSettled(unknown.map((text) => identify(store, counting, text)));
    expect(count()).toBeGreaterThan(0);
    expect(count()).toBeLessThanOrEqual(2);
  });
});

describe("a key that was verified", () => {
  it("is remembered for ten seconds, unless it is revoked or what is known gets old", async () => {
    let nowMs = 0;
    const store = await startStore(sql, { confirmAfterMs: 5_000, nowMs: () => nowMs });
    const [key, other] = [await insertKey(sql), await insertKey(sql)];
    const isRemembered = ({ text }: { text: string }): boolean =>
      store.remembered(text) !== undefined;
    expect(isRemembered(key)).toBe(false);
    for (const { text } of [key, other]) await identify(store, sql, text);
    expect(store.remembered(key.text)).toBe(await identify(store, sql, key.text));
    nowMs += 5_001;
    expect(isRemembered(key)).toBe(false);
    await revokeKey(sql, other.id);
    await store.syncOnce(sql);
    expect([key, other].map(isRemembered)).toEqual([true, false]);
    nowMs += 4_999;
    expect(isRemembered(key)).toBe(false);
    expect(await identify(store, sql, key.text)).toMatchObject({ actor: { id: key.id } });
    expect(isRemembered(key)).toBe(true);
  });
});

describe("the bootstrap key", () => {
  let own: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeEach(async () => {
    own = await createTestDatabase();
  });
  afterEach(() => own.drop());

  const oldHash = createHash("sha256").update(bootstrapKey).digest();

  it("is the administrator's, whose row has no hash", async () => {
    const store = await startStore(own.sql);
    expect(store.bootstrapHash.equals(oldHash)).toBe(true);
    const identity = await identify(store, own.sql, bootstrapKey);
    expect(identity).toMatchObject({
      actor: { type: "key", id: "bootstrap-admin" },
      authentication: "bootstrap-key",
    });
    expect(identity.permissions.mayEverywhere("access.write")).toBe(true);
  });

  it("counts no more once it is revoked, in any process; a new one does", async () => {
    const before = await startStore(own.sql);
    await identify(before, own.sql, bootstrapKey);
    await revokeKey(own.sql, "bootstrap-admin", oldHash);
    await before.syncOnce(own.sql);
    const after = await startStore(own.sql);
    for (const store of [before, after]) {
      await expect(identify(store, own.sql, bootstrapKey)).rejects.toMatchObject(unauthenticated);
    }
    const renewed = await startStore(own.sql, { bootstrapKey: "another-key-of-hers" });
    const other = await insertKey(own.sql);
    for (const round of [0, 1]) {
      const identity = await identify(renewed, own.sql, "another-key-of-hers");
      expect(identity).toMatchObject({ actor: { id: "bootstrap-admin" } });
      expect(identity.permissions.mayEverywhere("access.write")).toBe(true);
      await expect(identify(renewed, own.sql, bootstrapKey)).rejects.toMatchObject(unauthenticated);
      if (round === 0) await renewed.syncOnce(own.sql);
    }
    expect(await identify(renewed, own.sql, other.text)).toMatchObject({ actor: { id: other.id } });
  });
});
