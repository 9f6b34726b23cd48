import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { createApiKey } from "../api-keys/create-api-key.ts";
import { revokeApiKey } from "../api-keys/revoke-api-key.ts";
import { type AccessStore, createAccessStore } from "./access-store.ts";
import { bootstrapId } from "./identities.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

const createKey = (expiresAt: string | null = null) =>
  createApiKey(createTestContext(database.sql), {
    name: "holder",
    grants: [{ role: "viewer", effect: "allow" }],
    defaults: { app: "", environment: "" },
    expiresAt,
  });

const startStore = async (nowMs?: () => number): Promise<AccessStore> => {
  const store = createAccessStore({
    bootstrapKey: "the-key-of-the-administrator",
    stalenessMs: 60_000,
    confirmAfterMs: 60_000,
    ...(nowMs === undefined ? {} : { nowMs }),
  });
  await store.syncOnce(database.sql);
  return store;
};

describe("the holder of a key, by the key's id", () => {
  it("is who presents the key, for a key made elsewhere too", async () => {
    const store = await startStore();
    const { id, key } = await createKey();
    const holder = await store.holderOf(database.sql, id);
    expect(holder).toBe(await store.identify(database.sql, key));
    expect(await store.holderOf(database.sql, bootstrapId)).toMatchObject({
      authentication: "bootstrap-key",
    });
  });

  it("is nobody once it is revoked, has expired, or never was", async () => {
    const store = await startStore();
    const { id } = await createKey();
    const { id: short } = await createKey(new Date(Date.now() + 50).toISOString());
    await store.holderOf(database.sql, id);
    await revokeApiKey(createTestContext(database.sql), id);
    await store.syncOnce(database.sql);
    await new Promise((resume) => setTimeout(resume, 60));
    for (const one of [id, short, "never-was"]) {
      const asked = async () => store.holderOf(database.sql, one);
      await expect(asked()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  it("cannot be told where what is known is too old to be used", async () => {
    let nowMs = 0;
    const store = await startStore(() => nowMs);
    const away = (() => Promise.reject(new Error("away"))) as never;
    nowMs = 60_000;
    expect(await store.holderOf(away, bootstrapId)).toBeDefined();
    nowMs = 60_001;
    const asked = async () => store.holderOf(away, bootstrapId);
    await expect(asked()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
