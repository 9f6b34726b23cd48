import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ctx } from "../../src/context.ts";
import type { Grant } from "../../src/permissions/grant.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { insertKey, revokeKey } from "../../test/helpers/access-rows.ts";
import { commit, put, remove } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { drain, expireLease } from "../../test/helpers/drain.ts";
import { putControl } from "../../test/helpers/job-specs.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { insertWebhook } from "../../test/helpers/webhooks/dispatching.ts";
import { webhooksConsumer } from "./webhooks-consumer.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
  ctx = createTestContext(sql);
  await sql`insert into fairlead.apps (name, created_by) values ('pay', 'x'), ('shop', 'x')`;
});
afterAll(() => database.drop());

const consumer = () => webhooksConsumer({ sql, kinds: ctx.kinds });

interface Told {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly revision: number;
    readonly truncated?: boolean;
    readonly changes: readonly Record<string, unknown>[];
  };
}

const toldTo = async (webhookId: string): Promise<Told[]> => {
  const rows = await sql<{ body: string }[]>`
    select body from fairlead.webhook_deliveries where webhook_id = ${webhookId}
    order by sequence`;
  return rows.map(({ body }) => JSON.parse(body) as Told);
};

const keysTold = async (webhookId: string) =>
  (await toldTo(webhookId)).map(({ data }) => data.changes.map(({ key }) => key));

const owner = async (...grants: Grant[]): Promise<string> =>
  (await insertKey(sql, { name: randomUUID(), grants })).id;

const production = { app: "pay", environment: "production" };

describe("the consumer of webhooks", () => {
  it("writes one delivery for each webhook and change set, in order, also when rows come again", async () => {
    await drain(sql, consumer());
    const id = await insertWebhook(sql);
    const first = await commit(ctx, put("order.a", 1), put("order.b", 1));
    const second = await commit(ctx, put("order.a", 2));
    await drain(sql, consumer());
    await sql`update fairlead.consumers set revision = 0 where name = 'webhooks'`;
    await expireLease(sql, "webhooks");
    await drain(sql, consumer());
    const told = await toldTo(id);
    expect(told.map(({ data, type }) => [type, data.revision])).toEqual([
      ["dev.fairlead.change.v1", first.revision],
      ["dev.fairlead.change.v1", second.revision],
    ]);
    expect(told[0]?.data.changes).toEqual([
      { op: "put", kind: "config", app: null, environment: null, key: "order.a", version: 1 },
      { op: "put", kind: "config", app: null, environment: null, key: "order.b", version: 1 },
    ]);
    expect(told[0]?.id).toMatch(/^[0-9a-f]{16}-\d+$/);
    const rows = await sql<{ entries: string[]; revision: number }[]>`
      select entries, revision from fairlead.webhook_deliveries where webhook_id = ${id}
      order by sequence`;
    expect(rows[1]).toEqual({ entries: ["config///order.a"], revision: second.revision });
  });

  it("tells of the scope that was asked for and of wider ones, by prefix", async () => {
    const pay = await insertWebhook(sql, { app: "pay", prefix: "scope." });
    const place = await insertWebhook(sql, { ...production, prefix: "scope." });
    const shop = await insertWebhook(sql, { app: "shop", prefix: "scope." });
    await commit(
      ctx,
      put("scope.global", 1),
      put("scope.environment", 1, { environment: "production" }),
      put("scope.app", 1, { app: "pay" }),
      put("scope.both", 1, production),
      put("scope.other", 1, { app: "pay", environment: "staging" }),
      put("elsewhere", 1, production),
    );
    await commit(ctx, put("elsewhere", 2, production));
    await drain(sql, consumer());
    expect(await keysTold(pay)).toEqual([
      ["scope.global", "scope.environment", "scope.app", "scope.both", "scope.other"],
    ]);
    expect(await keysTold(place)).toEqual([
      ["scope.global", "scope.environment", "scope.app", "scope.both"],
    ]);
    expect(await keysTold(shop)).toEqual([["scope.global", "scope.environment"]]);
  });

  it("tells nothing that the owner may not read", async () => {
    const keys = await owner({ role: "viewer", effect: "allow", keys: ["open.*"] });
    const kinds = await owner({ role: "viewer", effect: "allow", kinds: ["config"] });
    const app = await owner({ role: "viewer", effect: "allow", app: "pay" });
    const denied = await owner(
      { role: "viewer", effect: "allow" },
      { role: "viewer", effect: "deny", keys: ["closed.*"] },
    );
    const [byKeys, byKinds, byApp, byDeny, inApp] = await Promise.all([
      insertWebhook(sql, { owner: keys }),
      insertWebhook(sql, { owner: kinds }),
      insertWebhook(sql, { owner: app }),
      insertWebhook(sql, { owner: denied }),
      insertWebhook(sql, { owner: app, app: "pay" }),
    ]);
    await commit(
      ctx,
      put("open.a", 1),
      put("closed.b", 1),
      put("closed.c", 1, production),
      putControl("ac-1"),
    );
    await commit(ctx, put("closed.b", 2));
    await drain(sql, consumer());
    expect(await keysTold(byKeys ?? "")).toEqual([["open.a"]]);
    expect(await keysTold(byKinds ?? "")).toEqual([
      ["open.a", "closed.b", "closed.c"],
      ["closed.b"],
    ]);
    expect(await keysTold(byApp ?? "")).toEqual([["closed.c"]]);
    expect(await keysTold(byDeny ?? "")).toEqual([["open.a", "ac-1"]]);
    // What a wider scope says is theirs to know where they read what it resolves to.
    expect(await keysTold(inApp ?? "")).toEqual([["open.a", "closed.b", "closed.c"], ["closed.b"]]);
  });

  it("gives values to who asked and may read the entry itself", async () => {
    const app = await owner({ role: "viewer", effect: "allow", app: "pay" });
    const full = await insertWebhook(sql, { payload: "full", prefix: "value." });
    const part = await insertWebhook(sql, {
      payload: "full",
      prefix: "value.",
      app: "pay",
      owner: app,
    });
    await commit(ctx, put("value.a", { n: 1 }, production), put("value.b", "global"));
    await commit(ctx, remove("value.a", production));
    await drain(sql, consumer());
    const changes = (await toldTo(full)).map(({ data }) => data.changes);
    expect(changes).toMatchObject([
      [
        { key: "value.a", before: null, after: { n: 1 } },
        { key: "value.b", before: null, after: "global" },
      ],
      [{ key: "value.a", op: "delete", before: { n: 1 }, after: null }],
    ]);
    const [told] = await toldTo(part);
    expect(told?.data.changes[0]).toMatchObject({ key: "value.a", after: { n: 1 } });
    expect(Object.keys(told?.data.changes[1] ?? {})).not.toContain("after");
  });

  it("leaves values out of what would be too large", async () => {
    const full = await insertWebhook(sql, { payload: "full", prefix: "large." });
    await commit(ctx, put("large.a", "x".repeat(200_000)), put("large.b", "x".repeat(200_000)));
    await drain(sql, consumer());
    const [told] = await toldTo(full);
    expect(told?.data.truncated).toBe(true);
    expect(told?.data.changes.map((change) => Object.keys(change).includes("after"))).toEqual([
      false,
      false,
    ]);
  });

  it("writes nothing for one that is disabled, wants other events, or whose owner's key has ended", async () => {
    const ended = await owner({ role: "admin", effect: "allow" });
    const [disabled, other, ownerless] = await Promise.all([
      insertWebhook(sql),
      insertWebhook(sql, { events: ["dev.fairlead.jobspec.*"] }),
      insertWebhook(sql, { owner: ended }),
    ]);
    await sql`
      update fairlead.webhooks
      set enabled = false, disabled_reason = 'requested', disabled_at = clock_timestamp()
      where id = ${disabled ?? ""}`;
    await revokeKey(sql, ended);
    await commit(ctx, put("nobody", 1));
    await drain(sql, consumer());
    for (const id of [disabled, other, ownerless]) expect(await toldTo(id ?? "")).toEqual([]);
  });
});
