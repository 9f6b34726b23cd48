import { afterAll, beforeAll, expect, it } from "vitest";
import { insertKey } from "../../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext, permissionsOf } from "../../../test/helpers/test-context.ts";
import { insertWebhook } from "../../../test/helpers/webhooks/dispatching.ts";
import type { Ctx } from "../../context.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { Sql } from "../../platform/sql.ts";
import { sendTestEvent } from "../send-test-event.ts";
import { disableWebhook } from "./disable-webhook.ts";
import { getDelivery } from "./get-delivery.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { everyEntry } from "./webhook-event.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
/** The key of somebody who may do everything, whose webhooks these are. */
let owner: string;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
  owner = (await insertKey(sql, { grants: [{ role: "admin", effect: "allow" }] })).id;
});
afterAll(() => database.drop());

const someone = (...grants: readonly Grant[]): Ctx => ({
  ...createTestContext(sql),
  actor: { type: "key", id: "somebody-else" },
  permissions: permissionsOf(grants),
});

const make = (options: Parameters<typeof insertWebhook>[1] = {}) =>
  insertWebhook(sql, { owner, ...options });

const told = async (webhookId: string): Promise<number> => {
  const rows = await sql`
    select from fairlead.webhook_deliveries where webhook_id = ${webhookId}`;
  return rows.count;
};

it("tells webhooks of one app and environment of those there, and one for all of all", async () => {
  const inX = { app: "x", environment: "production" };
  const forAll = await make();
  const ofX = await make({ app: "x" });
  const ofProduction = await make({ environment: "production" });
  const same = await make(inX);
  const others = [await make({ app: "y" }), await make({ app: "x", environment: "staging" })];
  await disableWebhook(sql, { webhookId: await make(inX), reason: "gone" });
  expect(await Promise.all([forAll, ofX, ofProduction, same].map(told))).toEqual([1, 1, 1, 1]);
  expect(await Promise.all(others.map(told))).toEqual([0, 0]);
  // What concerns all apps is not for one that asked for a single one.
  await disableWebhook(sql, { webhookId: await make(), reason: "failing" });
  expect(await Promise.all([forAll, ofX, ofProduction].map(told))).toEqual([2, 1, 1]);
});

it("shows a webhook that was disabled to nobody who may not see it, by another's deliveries", async () => {
  const webhookId = await make();
  const secret = await make({ app: "y", url: "https://secret.example/hook" });
  await disableWebhook(sql, { webhookId: secret, reason: "gone" });
  const shownTo = async (ctx: Ctx): Promise<boolean> => {
    const { items } = await listDeliveries(ctx, { webhookId, limit: 10 });
    const [first] = items;
    const delivery = await getDelivery(ctx, { webhookId, deliveryId: first?.id ?? "" });
    const text = JSON.stringify([items, delivery]);
    expect(text.includes(secret)).toBe(delivery.body !== null);
    expect(text.includes("secret.example")).toBe(delivery.body !== null);
    return delivery.body !== null;
  };
  const everywhere: Grant = { role: "operator", effect: "allow" };
  expect(await shownTo({ ...someone(everywhere), actor: { type: "key", id: owner } })).toBe(true);
  expect(await shownTo(someone({ role: "admin", effect: "allow" }))).toBe(true);
  expect(await shownTo(someone(everywhere))).toBe(true);
  expect(await shownTo(someone(everywhere, { role: "viewer", effect: "deny", app: "y" }))).toBe(
    false,
  );
  // Whoever the webhook is moved to may see it, but not what it was told before.
  await sql`update fairlead.webhooks set app = 'x' where id = ${webhookId}`;
  expect(await shownTo(someone({ role: "operator", effect: "allow", app: "x" }))).toBe(false);
  const viewer: Grant = { role: "viewer", effect: "allow" };
  expect(await shownTo(someone(viewer, { role: "operator", effect: "allow", app: "x" }))).toBe(
    false,
  );
});

it("is sent beside other deliveries, and says nothing where it names no entry", async () => {
  const webhookId = await make();
  await disableWebhook(sql, { webhookId: await make(), reason: "gone" });
  const [row] = await sql<{ entries: string[] }[]>`
    update fairlead.webhook_deliveries d set entries = '[]'
    from fairlead.webhook_deliveries before
    where d.webhook_id = ${webhookId} and before.id = d.id
    returning before.entries as entries`;
  expect(row?.entries).toHaveLength(1);
  expect(row?.entries).not.toContain(everyEntry);
  await sendTestEvent(createTestContext(sql), webhookId);
  const reader = someone(
    { role: "operator", effect: "allow" },
    { role: "viewer", effect: "deny", keys: ["secret.*"] },
  );
  const { items } = await listDeliveries(reader, { webhookId, limit: 10 });
  const bodies = await Promise.all(
    items.map(async ({ eventType, id: deliveryId }) => {
      const { body } = await getDelivery(reader, { webhookId, deliveryId });
      return [eventType, body !== null];
    }),
  );
  expect(bodies).toEqual([
    ["dev.fairlead.webhook.test.v1", true],
    ["dev.fairlead.webhook.disabled.v1", false],
  ]);
});
