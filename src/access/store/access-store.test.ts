import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { insertKey, revokeKey, setRole } from "../../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import type { Identity } from "../../context.ts";
import type { Problem } from "../../errors.ts";
import type { Sql } from "../../platform/sql.ts";
import { type AccessStore, createAccessStore } from "./access-store.ts";
import { generateKey, keyIdOf } from "./key-text.ts";

const bootstrapKey = "the-key-of-the-administrator";
const stalenessMs = 60_000;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
/** The clock of all stores here; the test moves it. */
let nowMs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());
afterEach(() => {
  vi.useRealTimers();
});

/** A process of its own, with what it knows. */
const startStore = async (
  options: { bootstrapKey?: string; confirmAfterMs?: number; from?: Sql } = {},
): Promise<AccessStore> => {
  const { confirmAfterMs = stalenessMs, from = sql } = options;
  const store = createAccessStore({
    bootstrapKey: options.bootstrapKey ?? bootstrapKey,
    stalenessMs,
    confirmAfterMs,
    nowMs: () => nowMs,
  });
  await store.syncOnce(from);
  return store;
};

/** `identify` may answer at once, and may throw at once. */
const identify = async (
  store: AccessStore,
  presented: string | undefined,
  from: Sql = sql,
): Promise<Identity> => store.identify(from, presented);

/** Counts the statements that are sent. */
const counted = (from: Sql): { sql: Sql; count: () => number } => {
  let count = 0;
  const counting = new Proxy(from, {
    apply(target, self, parameters) {
      count += 1;
      return Reflect.apply(target, self, parameters) as unknown;
    },
  });
  return { sql: counting, count: () => count };
};

/** Reads at once, but gives what it has read only when it is released. */
const held = (from: Sql): { sql: Sql; read: Promise<void>; release: () => void } => {
  const read = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const holding = new Proxy(from, {
    async apply(target, self, parameters) {
      const rows = (await Reflect.apply(target, self, parameters)) as unknown;
      read.resolve();
      await released.promise;
      return rows;
    },
  });
  return { sql: holding, read: read.promise, release: released.resolve };
};

/** The text of a key with this id whose checksum is right, but of which only an attacker knows. */
const forgedKey = (id: string): string => {
  const unchecked = generateKey()
    .text.slice(0, -6)
    .replace(/^fl_.{16}/, `fl_${id}`);
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const digest = createHash("sha256").update(`checksum ${unchecked}`).digest().subarray(0, 6);
  return unchecked + Array.from(digest, (byte) => letters[byte % 62]).join("");
};

const unauthenticated = { code: "UNAUTHENTICATED", status: 401 };

describe("who presents", () => {
  it("no key, is anonymous and may do nothing", async () => {
    const identity = await identify(await startStore(), undefined);
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
    const identity = await identify(await startStore(), key.text);
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
    const store = await startStore();
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
    const outcomes = await Promise.allSettled(texts.map((text) => identify(store, text)));
    const told = outcomes.map((outcome) => {
      expect(outcome).toMatchObject({ status: "rejected", reason: unauthenticated });
      const problem = outcome.status === "rejected" ? (outcome.reason as Problem) : undefined;
      return JSON.stringify([problem?.message, problem]);
    });
    expect(new Set(told).size).toBe(1);
    // And the key itself still counts.
    expect(await identify(store, key.text)).toMatchObject({ actor: { id: key.id } });
  });

  it("a key that expires meanwhile, is refused from then on, though it was remembered", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2030-01-01T00:00:00Z") });
    const key = await insertKey(sql, { expiresAt: "2030-01-01T00:00:05Z" });
    const store = await startStore();
    await identify(store, key.text);
    vi.setSystemTime(Date.parse("2030-01-01T00:00:04.999Z"));
    await identify(store, key.text);
    vi.setSystemTime(Date.parse("2030-01-01T00:00:05Z"));
    await expect(identify(store, key.text)).rejects.toMatchObject(unauthenticated);
  });

  it("a key that is known or cannot be one, causes no statement; unknown ones at a time share two", async () => {
    const key = await insertKey(sql);
    const store = await startStore();
    const { count, sql: counting } = counted(sql);
    const known = [key.text, key.text, forgedKey(key.id), key.text.slice(1), bootstrapKey, ""];
    await Promise.allSettled(known.map((text) => identify(store, text, counting)));
    expect(count()).toBe(0);
    const unknown = Array.from({ length: 100 }, () => generateKey().text);
    await Promise.allSettled(unknown.map((text) => identify(store, text, counting)));
    expect(count()).toBeGreaterThan(0);
    expect(count()).toBeLessThanOrEqual(2);
  });
});

describe("a key that was verified", () => {
  it("is remembered for ten seconds, unless it is revoked or what is known gets old", async () => {
    const store = await startStore({ confirmAfterMs: 5_000 });
    const [key, other] = [await insertKey(sql), await insertKey(sql)];
    const isRemembered = ({ text }: { text: string }): boolean =>
      store.remembered(text) !== undefined;
    expect(isRemembered(key)).toBe(false);
    for (const { text } of [key, other]) await identify(store, text);
    expect(store.remembered(key.text)).toBe(await identify(store, key.text));
    nowMs += 5_001;
    expect(isRemembered(key)).toBe(false);
    await revokeKey(sql, other.id);
    await store.syncOnce(sql);
    expect([key, other].map(isRemembered)).toEqual([true, false]);
    nowMs += 4_999;
    expect(isRemembered(key)).toBe(false);
    expect(await identify(store, key.text)).toMatchObject({ actor: { id: key.id } });
    expect(isRemembered(key)).toBe(true);
  });

  it("is its holder's for what was begun with it, until it is revoked or expires", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2030-01-01T00:00:00Z") });
    const store = await startStore();
    const holderOf = async (id: string): Promise<Identity> => store.holderOf(sql, id);
    const key = await insertKey(sql, { expiresAt: "2030-01-01T00:00:05Z" });
    const revoked = await insertKey(sql);
    for (const { id } of [key, revoked, { id: "bootstrap-admin" }]) {
      expect(await holderOf(id)).toMatchObject({ actor: { type: "key", id } });
    }
    await revokeKey(sql, revoked.id);
    await store.syncOnce(sql);
    vi.setSystemTime(Date.parse("2030-01-01T00:00:05Z"));
    for (const id of [key.id, revoked.id, generateKey().id, "", "__proto__"]) {
      await expect(holderOf(id)).rejects.toMatchObject(unauthenticated);
    }
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
    const store = await startStore({ from: own.sql });
    expect(store.bootstrapHash.equals(oldHash)).toBe(true);
    const identity = await identify(store, bootstrapKey, own.sql);
    expect(identity).toMatchObject({
      actor: { type: "key", id: "bootstrap-admin" },
      authentication: "bootstrap-key",
    });
    expect(identity.permissions.mayEverywhere("access.write")).toBe(true);
  });

  it("counts no more once it is revoked, in any process; a new one does", async () => {
    const before = await startStore({ from: own.sql });
    await identify(before, bootstrapKey, own.sql);
    await revokeKey(own.sql, "bootstrap-admin", oldHash);
    await before.syncOnce(own.sql);
    const after = await startStore({ from: own.sql });
    for (const store of [before, after]) {
      await expect(identify(store, bootstrapKey, own.sql)).rejects.toMatchObject(unauthenticated);
    }
    const renewed = await startStore({ bootstrapKey: "another-key-of-hers", from: own.sql });
    const other = await insertKey(own.sql);
    for (const round of [0, 1]) {
      const identity = await identify(renewed, "another-key-of-hers", own.sql);
      expect(identity).toMatchObject({ actor: { id: "bootstrap-admin" } });
      expect(identity.permissions.mayEverywhere("access.write")).toBe(true);
      await expect(identify(renewed, bootstrapKey, own.sql)).rejects.toMatchObject(unauthenticated);
      if (round === 0) await renewed.syncOnce(own.sql);
    }
    expect(await identify(renewed, other.text, own.sql)).toMatchObject({ actor: { id: other.id } });
  });
});

describe("what another process changed", () => {
  it("is a new key: it counts at its first use, without waiting for a sync", async () => {
    const store = await startStore();
    const key = await insertKey(sql);
    expect(await identify(store, key.text)).toMatchObject({ actor: { id: key.id } });
  });

  it("is a new key: it counts also where a sync was under way that had begun before", async () => {
    const store = await startStore();
    const slow = held(sql);
    const underWay = store.syncOnce(slow.sql);
    await slow.read;
    const key = await insertKey(sql);
    const identity = identify(store, key.text, slow.sql);
    slow.release();
    expect(await underWay).toEqual({ changed: false });
    expect(await identity).toMatchObject({ actor: { id: key.id } });
  });

  it("does not come back where an answer from before arrives after it", async () => {
    const store = await startStore();
    const key = await insertKey(sql);
    const slow = held(sql);
    const underWay = store.syncOnce(slow.sql);
    await slow.read;
    await revokeKey(sql, key.id);
    expect(await store.syncOnce(sql)).toEqual({ changed: true });
    slow.release();
    expect(await underWay).toEqual({ changed: false });
    await expect(identify(store, key.text)).rejects.toMatchObject(unauthenticated);
  });

  it("is a revocation: it is obeyed after one sync, though the key was remembered", async () => {
    const store = await startStore();
    const [key, other] = [await insertKey(sql), await insertKey(sql)];
    await identify(store, key.text);
    await identify(store, other.text);
    await revokeKey(sql, key.id);
    expect(await store.syncOnce(sql)).toEqual({ changed: true });
    await expect(identify(store, key.text)).rejects.toMatchObject(unauthenticated);
    expect(await identify(store, other.text)).toMatchObject({ actor: { id: other.id } });
    expect(await store.syncOnce(sql)).toEqual({ changed: false });
  });

  it("is a role: all who have it may do the other things after one sync", async () => {
    await setRole(sql, "deployer", ["entries.read"]);
    const store = await startStore();
    const allowed = await insertKey(sql, { grants: [{ role: "deployer", effect: "allow" }] });
    const denied = await insertKey(sql, {
      grants: [
        { role: "admin", effect: "allow" },
        { role: "deployer", effect: "deny" },
      ],
    });
    const mayRead = async (): Promise<boolean[]> => {
      const identities = [await identify(store, allowed.text), await identify(store, denied.text)];
      return identities.flatMap(({ permissions }) => [
        permissions.mayAnywhere("entries.read"),
        permissions.mayAnywhere("audit.read"),
      ]);
    };
    expect(await mayRead()).toEqual([true, false, false, true]);
    await setRole(sql, "deployer", ["audit.read"]);
    await store.syncOnce(sql);
    expect(await mayRead()).toEqual([false, true, true, false]);
    await setRole(sql, "deployer", []);
    await store.syncOnce(sql);
    expect(await mayRead()).toEqual([false, false, false, false]);
  });
});

describe("a database that was restored", () => {
  let own: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeEach(async () => {
    own = await createTestDatabase();
  });
  afterEach(() => own.drop());

  const restorations: Record<string, (restored: Sql) => Promise<unknown>> = {
    "with a lower version": (restored) => restored`
      update fairlead.access_state set version = version - 2`,
    "with another epoch and the same version": (restored) => restored`
      update fairlead.deployment set epoch = 'feedfeedfeedfeed'`,
    "with another epoch and a higher version": async (restored) => {
      await restored`update fairlead.deployment set epoch = 'feedfeedfeedfeed'`;
      await restored`update fairlead.access_state set version = version + 5`;
    },
  };

  it.each(Object.keys(restorations))("%s, is taken over whole", async (name) => {
    await setRole(own.sql, "deployer", ["audit.read"]);
    const store = await startStore({ from: own.sql });
    const [revoked, made, kept] = [
      await insertKey(own.sql),
      await insertKey(own.sql),
      await insertKey(own.sql, { grants: [{ role: "deployer", effect: "allow" }] }),
    ];
    await revokeKey(own.sql, revoked.id);
    await store.syncOnce(own.sql);
    await identify(store, made.text, own.sql);
    await identify(store, kept.text, own.sql);
    // As the database was before: one key not yet made, one not yet revoked, one never heard of.
    await own.sql`delete from fairlead.api_keys where id = ${made.id}`;
    await own.sql`
      update fairlead.api_keys set revoked_at = null, revoked_by = null, access_version = 1
      where id = ${revoked.id}`;
    await own.sql`update fairlead.roles set actions = '{"access.read"}'`;
    const older = await insertKey(own.sql);
    await own.sql`update fairlead.access_state set version = version - 1`;
    await own.sql`update fairlead.api_keys set access_version = 1 where id = ${older.id}`;
    await restorations[name]?.(own.sql);
    expect(await store.syncOnce(own.sql)).toEqual({ changed: true });
    await expect(identify(store, made.text, own.sql)).rejects.toMatchObject(unauthenticated);
    const { count, sql: counting } = counted(own.sql);
    for (const { id, text } of [revoked, older, kept]) {
      expect(await identify(store, text, counting)).toMatchObject({ actor: { id } });
    }
    const { permissions } = await identify(store, kept.text, counting);
    expect(permissions.mayAnywhere("audit.read")).toBe(false);
    expect(permissions.mayAnywhere("access.read")).toBe(true);
    expect(count()).toBe(0);
    expect(await store.syncOnce(own.sql)).toEqual({ changed: false });
  });
});

describe("the sync", () => {
  it("is one statement for all who ask for it at a time", async () => {
    const store = await startStore({ confirmAfterMs: 1_000 });
    const key = await insertKey(sql);
    const { count, sql: counting } = counted(sql);
    nowMs += 1_001;
    await Promise.all([
      ...Array.from({ length: 50 }, () => store.syncOnce(counting)),
      ...Array.from({ length: 50 }, () => identify(store, bootstrapKey, counting)),
      ...Array.from({ length: 50 }, () => identify(store, key.text, counting)),
    ]);
    expect(count()).toBe(1);
  });
});
