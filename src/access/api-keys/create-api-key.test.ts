import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext, withIdempotency } from "../../../test/helpers/test-context.ts";
import { hashKey } from "../store/key-text.ts";
import { createApiKey } from "./create-api-key.ts";
import { revokeApiKey } from "./revoke-api-key.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Every row of every table, by the table's name. */
const everything = async (): Promise<ReadonlyMap<string, string>> => {
  const { sql } = database;
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'fairlead'`;
  const texts = tables.map(async ({ name }): Promise<[string, string]> => {
    const [row] = await sql<{ text: string }[]>`
      select coalesce(string_agg(t::text, e'\\n'), '') as text from fairlead.${sql(name)} t`;
    return [name, row?.text ?? ""];
  });
  return new Map(await Promise.all(texts));
};

it("keeps nothing of a key but its hash, and that in one place, whatever happens to it", async () => {
  const ctx = createTestContext(database.sql);
  const route = { route: "createApiKey" };
  const ask = () =>
    createApiKey(withIdempotency(ctx, "once", route), {
      name: "a key",
      grants: [{ role: "viewer", effect: "allow" }],
      defaults: { app: "", environment: "" },
      expiresAt: null,
    });
  const { id, key } = await ask();
  await expect(ask()).rejects.toMatchObject({ code: "CONFLICT" });
  await ctx.access.identify(database.sql, key);
  await revokeApiKey(ctx, id);
  const [, , secret = ""] = key.split("_");
  const placesOf = async (text: string): Promise<string[]> =>
    [...(await everything())].filter(([, rows]) => rows.includes(text)).map(([name]) => name);
  expect((await placesOf(id)).toSorted()).toEqual(["api_keys", "audit_log", "idempotency_keys"]);
  for (const part of [secret, secret.slice(0, 16), secret.slice(-16)]) {
    expect(await placesOf(part)).toEqual([]);
  }
  expect(await placesOf(hashKey(key).toString("hex"))).toEqual(["api_keys"]);
});

it("does not let access that ends be prolonged", async () => {
  const own = "2030-06-01T00:00:00Z";
  const ctx = { ...createTestContext(database.sql), expiresAt: own };
  const ask = (expiresAt: string | null) =>
    createApiKey(ctx, {
      name: "a successor",
      grants: [{ role: "viewer", effect: "allow" }],
      defaults: { app: "", environment: "" },
      expiresAt,
    });
  for (const later of [null, "2030-06-01T00:00:01Z", "2030-06-01T00:00:00-01:00"]) {
    await expect(ask(later)).rejects.toMatchObject({
      code: "FORBIDDEN",
      errors: [{ path: "expiresAt" }],
    });
  }
  expect(await ask(own)).toMatchObject({ state: "active" });
});

it("refuses a maker who has been revoked, though this process has not learned of it", async () => {
  const admin = createTestContext(database.sql);
  const { id } = await createApiKey(admin, {
    name: "soon revoked",
    grants: [{ role: "admin", effect: "allow" }],
    defaults: { app: "", environment: "" },
    expiresAt: null,
  });
  await revokeApiKey(admin, id);
  const stale = { ...createTestContext(database.sql), actor: { type: "key", id } } as const;
  await expect(
    createApiKey(stale, {
      name: "a back door",
      grants: [{ role: "admin", effect: "allow" }],
      defaults: { app: "", environment: "" },
      expiresAt: null,
    }),
  ).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});
