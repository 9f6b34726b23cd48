import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertKey, revokeKey, setRole } from "../../../test/helpers/access-rows.ts";
import {
  bootstrapKey,
  counted,
  held,
  identify,
  startStore,
  unauthenticated,
} from "../../../test/helpers/access-stores.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import type { Sql } from "../../platform/sql.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());

describe("what another process changed", () => {
  it("is a new key: it counts at its first use, without waiting for a sync", async () => {
    const store = await startStore(sql);
    const key = await insertKey(sql);
    expect(await identify(store, sql, key.text)).toMatchObject({ actor: { id: key.id } });
  });

  it("is a new key: it counts also where a sync was under way that had begun before", async () => {
    const store = await startStore(sql);
    const slow = held(sql);
    const underWay = store.syncOnce(slow.sql);
    await slow.read;
    const key = await insertKey(sql);
    const identity = identify(store, slow.sql, key.text);
    slow.release();
    expect(await underWay).toEqual({ changed: false });
    expect(await identity).toMatchObject({ actor: { id: key.id } });
  });

  it("does not come back where an answer from before arrives after it", async () => {
    const store = await startStore(sql);
    const key = await insertKey(sql);
    const slow = held(sql);
    const underWay = store.syncOnce(slow.sql);
    await slow.read;
    await revokeKey(sql, key.id);
    expect(await store.syncOnce(sql)).toEqual({ changed: true });
    slow.release();
    expect(await underWay).toEqual({ changed: false });
    await expect(identify(store, sql, key.text)).rejects.toMatchObject(unauthenticated);
  });

  it("is a revocation: it is obeyed after one sync, though the key was remembered", async () => {
    const store = await startStore(sql);
    const [key, other] = [await insertKey(sql), await insertKey(sql)];
    await identify(store, sql, key.text);
    await identify(store, sql, other.text);
    await revokeKey(sql, key.id);
    expect(await store.syncOnce(sql)).toEqual({ changed: true });
    await expect(identify(store, sql, key.text)).rejects.toMatchObject(unauthenticated);
    expect(await identify(store, sql, other.text)).toMatchObject({ actor: { id: other.id } });
    expect(await store.syncOnce(sql)).toEqual({ changed: false });
  });

  it("is a role: all who have it may do the other things after one sync", async () => {
    await setRole(sql, "deployer", ["entries.read"]);
    const store = await startStore(sql);
    const allowed = await insertKey(sql, { grants: [{ role: "deployer", effect: "allow" }] });
    const denied = await insertKey(sql, {
      grants: [
        { role: "admin", effect: "allow" },
        { role: "deployer", effect: "deny" },
      ],
    });
    const mayRead = async (): Promise<boolean[]> => {
      const identities = [
        await identify(store, sql, allowed.text),
        await identify(store, sql, denied.text),
      ];
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
    const store = await startStore(own.sql);
    const [revoked, made, kept] = [
      await insertKey(own.sql),
      await insertKey(own.sql),
      await insertKey(own.sql, { grants: [{ role: "deployer", effect: "allow" }] }),
    ];
    await revokeKey(own.sql, revoked.id);
    await store.syncOnce(own.sql);
    await identify(store, own.sql, made.text);
    await identify(store, own.sql, kept.text);
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
    await expect(identify(store, own.sql, made.text)).rejects.toMatchObject(unauthenticated);
    const { count, sql: counting } = counted(own.sql);
    for (const { id, text } of [revoked, older, kept]) {
      expect(await identify(store, counting, text)).toMatchObject({ actor: { id } });
    }
    const { permissions } = await identify(store, counting, kept.text);
    expect(permissions.mayAnywhere("audit.read")).toBe(false);
    expect(permissions.mayAnywhere("access.read")).toBe(true);
    expect(count()).toBe(0);
    expect(await store.syncOnce(own.sql)).toEqual({ changed: false });
  });
});

describe("the sync", () => {
  it("is one statement for all who ask for it at a time", async () => {
    let nowMs = 0;
    const store = await startStore(sql, { confirmAfterMs: 1_000, nowMs: () => nowMs });
    const key = await insertKey(sql);
    const { count, sql: counting } = counted(sql);
    nowMs += 1_001;
    await Promise.all([
      ...Array.from({ length: 50 }, () => store.syncOnce(counting)),
      ...Array.from({ length: 50 }, () => identify(store, counting, bootstrapKey)),
      ...Array.from({ length: 50 }, () => identify(store, counting, key.text)),
    ]);
    expect(count()).toBe(1);
  });
});
