import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext, withIdempotency } from "../../../test/helpers/test-context.ts";
import { insertWebhook, oweEvents } from "../../../test/helpers/webhooks/dispatching.ts";
import type { Sql } from "../../platform/sql.ts";
import { deleteWebhook } from "../delete-webhook.ts";
import { beginAttempts } from "./begin-attempts.ts";
import { claimLanes } from "./claim-lanes.ts";
import { expireDeliveriesOnce } from "./expire-deliveries.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { readDeliveryFigures } from "./read-delivery-figures.ts";
import { redeliver } from "./redeliver.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());

/** Rows that ended well, in the order of their revisions; on disk they lie the other way round. */
const insertDelivered = (webhookId: string, count: number) => sql`
  insert into fairlead.webhook_deliveries
    (id, webhook_id, sequence, event_id, event_type, revision, entries, content_type, body,
     created_at, state, attempts, ended_at)
  overriding system value
  select
    gen_random_uuid(), ${webhookId}, i, 'e' || i, 'dev.fairlead.change.v1', i, '["config///k"]',
    'application/json', '{}', clock_timestamp(), 'delivered', 1, clock_timestamp()
  from generate_series(${count}::int, 1, -1) i`;

const countOf = async (webhookId: string): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from fairlead.webhook_deliveries where webhook_id = ${webhookId}`;
  return row?.count ?? 0;
};

/** Locks one row of a webhook, as a slow disk or many rows would keep whoever writes them waiting. */
const holdRow = async (webhookId: string) => {
  const [begun, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = sql.begin(async (tx) => {
    await tx`
      select from fairlead.webhook_deliveries where webhook_id = ${webhookId}
      order by sequence limit 1 for update`;
    begun.resolve();
    await goesOn.promise;
  });
  await begun.promise;
  return async () => {
    goesOn.resolve();
    await done;
  };
};

const untilWaiting = async (): Promise<void> => {
  for (;;) {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if ((row?.count ?? 0) > 0) return;
  }
};

/** Whether a change set could be committed at this moment. */
const isCounterFree = async (): Promise<boolean> => {
  const rows = await sql`select from fairlead.deployment for update skip locked`;
  return rows.count === 1;
};

const redeliveries = () => sql<{ detail: unknown }[]>`
  select detail from fairlead.audit_log where action = 'webhook.redeliver' order by id`;

describe("redelivery of many", () => {
  it("keeps no change set waiting while their rows are written", async () => {
    const webhookId = await insertWebhook(sql);
    await insertDelivered(webhookId, 3);
    const letGo = await holdRow(webhookId);
    const asked = redeliver(createTestContext(sql), webhookId, { sinceRevision: 0 });
    await untilWaiting();
    const isFree = await isCounterFree();
    await letGo();
    expect(await asked).toEqual({ webhookId, redelivered: 3 });
    expect(isFree).toBe(true);
  });

  it("begins them in their order, and is one line in the audit log with their number", async () => {
    const webhookId = await insertWebhook(sql);
    await insertDelivered(webhookId, 4_500);
    const before = (await redeliveries()).length;
    const which = { sinceRevision: 101 };
    expect(await redeliver(createTestContext(sql), webhookId, which)).toEqual({
      webhookId,
      redelivered: 4_400,
    });
    expect((await redeliveries()).slice(before)).toEqual([
      { detail: { webhookId, redelivered: 4_400, ...which } },
    ]);
    await sql`update fairlead.webhook_lanes set due_at = null where webhook_id <> ${webhookId}`;
    const holder = "holder";
    const [lane] = await claimLanes(sql, { holder, leaseMs: 60_000, limit: 1 });
    expect(lane?.webhookId).toBe(webhookId);
    const fence = lane?.fence ?? 0;
    const begun: number[] = [];
    for (const take of [7, 2_000, 2_393]) {
      const { attempts } = await beginAttempts(sql, holder, [{ webhookId, fence, take }]);
      begun.push(...attempts.map(({ sequence }) => sequence));
    }
    const rows = await sql<{ sequence: number }[]>`
      select sequence from fairlead.webhook_deliveries
      where webhook_id = ${webhookId} and revision >= 101 order by sequence`;
    expect(begun).toEqual(rows.map(({ sequence }) => sequence));
  });

  it("happens once for one Idempotency-Key", async () => {
    const webhookId = await insertWebhook(sql);
    await insertDelivered(webhookId, 2);
    const once = withIdempotency(createTestContext(sql), "again", { route: "redeliver" });
    const done = await redeliver(once, webhookId, { sinceRevision: 0 });
    await sql`
      update fairlead.webhook_deliveries
      set state = 'parked', next_attempt_at = null where webhook_id = ${webhookId}`;
    expect(await redeliver(once, webhookId, { sinceRevision: 0 })).toEqual(done);
    const { items } = await listDeliveries(once, { webhookId, limit: 10 });
    expect(items.map(({ state }) => state)).toEqual(["parked", "parked"]);
    const other = withIdempotency(createTestContext(sql), "again", {
      route: "redeliver",
      requestHash: "another",
    });
    await expect(redeliver(other, webhookId, { sinceRevision: 1 })).rejects.toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
    expect(
      (await listDeliveries(once, { webhookId, limit: 10, state: "parked" })).items,
    ).toHaveLength(2);
  });
});

describe("deleting a webhook with many deliveries", () => {
  it("waits for none of their rows, and what is left is neither shown nor sent, and swept", async () => {
    const ctx = createTestContext(sql);
    const [webhookId, kept] = [await insertWebhook(sql), await insertWebhook(sql)];
    await oweEvents(sql, [{ webhookId }, { webhookId }, { webhookId: kept }]);
    await sql`
      update fairlead.webhook_deliveries set state = 'parked', next_attempt_at = null
      where id = (
        select id from fairlead.webhook_deliveries
        where webhook_id = ${webhookId} order by sequence limit 1
      )`;
    const { parked } = await readDeliveryFigures(sql);
    const letGo = await holdRow(webhookId);
    try {
      await deleteWebhook(ctx, webhookId);
    } finally {
      await letGo();
    }
    expect(await countOf(webhookId)).toBe(1);
    expect((await readDeliveryFigures(sql)).parked).toBe(parked - 1);
    const gone = { code: "NOT_FOUND" };
    await expect(listDeliveries(ctx, { webhookId, limit: 1 })).rejects.toMatchObject(gone);
    await expect(redeliver(ctx, webhookId, { sinceRevision: 0 })).rejects.toMatchObject(gone);
    const claimed = await claimLanes(sql, { holder: "other", leaseMs: 60_000, limit: 100 });
    expect(claimed.map((lane) => lane.webhookId)).not.toContain(webhookId);
    expect(await expireDeliveriesOnce({ sql, retentionDays: 30 })).toEqual({ deleted: 1 });
    expect([await countOf(webhookId), await countOf(kept)]).toEqual([0, 1]);
  });

  it("deletes so many at once, and leaves the others to the sweep", async () => {
    const webhookId = await insertWebhook(sql);
    await insertDelivered(webhookId, 20_001);
    await deleteWebhook(createTestContext(sql), webhookId);
    expect(await countOf(webhookId)).toBe(1);
    expect(await expireDeliveriesOnce({ sql, retentionDays: 30 })).toEqual({ deleted: 1 });
  });
});
