import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { insertKey, revokeKey } from "../../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { Sql } from "../../platform/sql.ts";
import { bootstrapId } from "../store/identities.ts";
import { revokeApiKey } from "./revoke-api-key.ts";

const bootstrapKey = "the-key-of-the-administrator";
const admin: Grant = { role: "admin", effect: "allow" };
const viewer: Grant = { role: "viewer", effect: "allow" };
const lastAdministrator = { code: "CONFLICT", status: 409 };
const unauthenticated = { code: "UNAUTHENTICATED" };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
let ctx: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  sql = database.sql;
  ctx = createTestContext(sql);
  await ctx.access.syncOnce(sql);
});
afterEach(() => database.drop());

const identify = async (text: string) => ctx.access.identify(sql, text);

const stateOf = async (id: string): Promise<string> => {
  const [row] = await sql<{ state: string }[]>`
    select case when revoked_at is null then 'active' else 'revoked' end as state
    from fairlead.api_keys where id = ${id}`;
  return row?.state ?? "missing";
};

describe("the last administrator", () => {
  it("cannot be revoked, be it the first one or another", async () => {
    await expect(revokeApiKey(ctx, bootstrapId)).rejects.toMatchObject(lastAdministrator);
    expect(await identify(bootstrapKey)).toMatchObject({ actor: { id: bootstrapId } });
    const second = await insertKey(sql, { grants: [viewer, admin] });
    await revokeApiKey(ctx, bootstrapId);
    await expect(identify(bootstrapKey)).rejects.toMatchObject(unauthenticated);
    await expect(revokeApiKey(ctx, second.id)).rejects.toMatchObject(lastAdministrator);
    const third = await insertKey(sql, { grants: [admin] });
    await revokeApiKey(ctx, second.id);
    await expect(revokeApiKey(ctx, third.id)).rejects.toMatchObject(lastAdministrator);
    expect(await identify(third.text)).toMatchObject({ actor: { id: third.id } });
  });

  it("is so beside keys that may do almost everything, or no longer anything", async () => {
    const past = "2020-01-01T00:00:00Z";
    const others = await Promise.all(
      [
        [{ ...admin, app: "*" }],
        [{ ...admin, environment: "production" }],
        [{ ...admin, kinds: ["config"] }],
        [{ ...admin, keys: ["*"] }],
        [admin, { ...viewer, effect: "deny" as const, app: "vault" }],
        [{ role: "editor", effect: "allow" as const }],
        [{ ...admin, effect: "deny" as const }],
      ].map((grants) => insertKey(sql, { grants })),
    );
    others.push(await insertKey(sql, { grants: [admin], expiresAt: past }));
    const gone = await insertKey(sql, { grants: [admin] });
    await revokeKey(sql, gone.id);
    await expect(revokeApiKey(ctx, bootstrapId)).rejects.toMatchObject(lastAdministrator);
    for (const { id } of others) await revokeApiKey(ctx, id);
    expect(await Promise.all(others.map(({ id }) => stateOf(id)))).toEqual(
      others.map(() => "revoked"),
    );
  });

  it("remains where two revoke each other at the same time", async () => {
    await insertKey(sql, { grants: [admin] });
    await revokeApiKey(ctx, bootstrapId);
    for (let round = 0; round < 10; round += 1) {
      const [left] = await sql<{ id: string }[]>`
        select id from fairlead.api_keys where revoked_at is null`;
      const { id } = await insertKey(sql, { grants: [admin] });
      const [one, other] = await Promise.allSettled([
        revokeApiKey(createTestContext(sql), left!.id),
        revokeApiKey(createTestContext(sql), id),
      ]);
      expect([one.status, other.status].toSorted()).toEqual(["fulfilled", "rejected"]);
      const rejected = [one, other].find(({ status }) => status === "rejected");
      expect(rejected).toMatchObject({ reason: lastAdministrator });
    }
  });

  it("may be one that only the settings know: it can still revoke what is no administrator's", async () => {
    const hash = ctx.access.bootstrapHash;
    await revokeKey(sql, bootstrapId, Buffer.from(hash).fill(1));
    const leaked = await insertKey(sql, { grants: [viewer] });
    await ctx.access.syncOnce(sql);
    expect(await identify(bootstrapKey)).toMatchObject({ actor: { id: bootstrapId } });
    await revokeApiKey(ctx, leaked.id);
    await expect(identify(leaked.text)).rejects.toMatchObject(unauthenticated);
    await expect(revokeApiKey(ctx, bootstrapId)).rejects.toMatchObject(lastAdministrator);
  });
});

describe("a revocation", () => {
  /** A handle whose next query is answered late: it runs at once. */
  const holdNext = (): { sql: Sql; held: Promise<void>; release: () => void } => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    let isNext = true;
    const late = new Proxy(sql, {
      apply(target, self, parameters) {
        const query = Reflect.apply(target, self, parameters) as Promise<unknown>;
        if (!isNext) return query;
        isNext = false;
        return query.then(async (rows) => {
          begun.resolve();
          await released.promise;
          return rows;
        });
      },
    });
    return { sql: late, held: begun.promise, release: released.resolve };
  };

  it("is obeyed when it is answered, also where the process was just asking for changes", async () => {
    const key = await insertKey(sql);
    await identify(key.text);
    const late = holdNext();
    const asking = ctx.access.syncOnce(late.sql);
    await late.held;
    const revoking = revokeApiKey({ ...ctx, sql: late.sql }, key.id);
    while ((await stateOf(key.id)) !== "revoked");
    late.release();
    await Promise.all([asking, revoking]);
    await expect(identify(key.text)).rejects.toMatchObject(unauthenticated);
  });

  it("is not undone by an answer that comes later but knows less", async () => {
    const key = await insertKey(sql);
    const late = holdNext();
    const asking = ctx.access.syncOnce(late.sql);
    await late.held;
    await revokeKey(sql, key.id);
    // Whoever asks on another connection does not wait for the one that is slow.
    await ctx.access.syncOnce(sql);
    await expect(identify(key.text)).rejects.toMatchObject(unauthenticated);
    late.release();
    await asking;
    await expect(identify(key.text)).rejects.toMatchObject(unauthenticated);
  });
});
