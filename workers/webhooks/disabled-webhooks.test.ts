import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "../../src/platform/sql.ts";
import { deleteWebhook } from "../../src/webhooks/delete-webhook.ts";
import { disabledEvent } from "../../src/webhooks/event-types.ts";
import { updateWebhook } from "../../src/webhooks/update-webhook.ts";
import { insertKey, revokeKey } from "../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import {
  delivered,
  deliveriesOf,
  dispatching,
  failed,
  fakeSender,
  insertWebhook,
  oweEvents,
  passTime,
} from "../../test/helpers/webhooks/dispatching.ts";
import { heldSender } from "../../test/helpers/webhooks/held-sender.ts";
import { createDispatcher, type Dispatcher, dispatchOnce } from "./dispatcher.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
const dispatchers: Dispatcher[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((one) => one.stop(0).catch(() => {})));
  await database.drop();
});

const running = (sender: Parameters<typeof dispatching>[1], more = {}): Dispatcher => {
  const dispatcher = createDispatcher(dispatching(sql, sender, more));
  dispatchers.push(dispatcher);
  return dispatcher;
};

const isEnabled = async (id: string) => {
  const [row] = await sql<{ enabled: boolean; reason: string | null }[]>`
    select enabled, disabled_reason as reason from fairlead.webhooks where id = ${id}`;
  return row;
};

const keyWith = async (role: string): Promise<string> => {
  return (await insertKey(sql, { name: randomUUID(), grants: [{ role, effect: "allow" }] })).id;
};

describe("a webhook that nobody is to call any more", () => {
  const auditRows = () => sql<{ actorId: string; detail: { webhookId: string; reason: string } }[]>`
    select actor_id as "actorId", detail from fairlead.audit_log
    where action = 'webhook.disable'`;

  it("is disabled by a 410, and the others hear of it", async () => {
    const gone = await insertWebhook(sql, { url: "https://gone.example/secret-path" });
    const operator = await insertWebhook(sql, { owner: await keyWith("operator") });
    const viewer = await insertWebhook(sql, { owner: await keyWith("viewer") });
    await oweEvents(sql, [{ webhookId: gone }, { webhookId: gone }]);
    const sender = fakeSender(({ url }) => (url.includes("gone") ? failed(410) : delivered));
    await dispatchOnce(dispatching(sql, sender));
    expect(await isEnabled(gone)).toEqual({ enabled: false, reason: "gone" });
    expect(await auditRows()).toEqual([
      { actorId: "webhooks", detail: expect.objectContaining({ webhookId: gone, reason: "gone" }) },
    ]);
    const told = sender.sent.filter(({ url }) => !url.includes("gone"));
    expect(told.map(({ url }) => url)).toEqual([`https://${operator}.example/hook`]);
    expect(JSON.parse(told[0]?.body ?? "")).toMatchObject({
      type: disabledEvent,
      data: { webhookId: gone, reason: "gone" },
    });
    expect(told[0]?.body).not.toContain("secret-path");
    expect(await deliveriesOf(sql, viewer)).toHaveLength(0);
    // What it is owed waits for somebody to enable it.
    const rows = await deliveriesOf(sql, gone);
    expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual([
      ["pending", 1],
      ["pending", 0],
    ]);
  });

  it("stays enabled where it was changed before the 410 came", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{ id: "one" }]);
    const sender = heldSender();
    const dispatcher = running(sender);
    dispatcher.look();
    await sender.arrives(1);
    await sql`update fairlead.webhooks set url = 'https://new.example/', version = version + 1`;
    sender.answer("one", failed(410));
    await dispatcher.stop(5_000);
    expect(await isEnabled(id)).toEqual({ enabled: true, reason: null });
  });

  it("is disabled when nothing has succeeded for five days", async () => {
    const id = await insertWebhook(sql);
    const other = await insertWebhook(sql, { owner: await keyWith("admin") });
    await oweEvents(sql, [{ webhookId: id }]);
    const sender = fakeSender(({ url }) => (url.includes(id) ? failed(500) : delivered));
    await dispatchOnce(dispatching(sql, sender));
    await passTime(sql, 4.9 * 86_400);
    await dispatchOnce(dispatching(sql, sender));
    expect(await isEnabled(id)).toEqual({ enabled: true, reason: null });
    await passTime(sql, 0.2 * 86_400);
    await dispatchOnce(dispatching(sql, sender));
    expect(await isEnabled(id)).toEqual({ enabled: false, reason: "failing" });
    expect(await auditRows()).toMatchObject([{ detail: { webhookId: id, reason: "failing" } }]);
    expect(await deliveriesOf(sql, other)).toMatchObject([{ state: "delivered" }]);
  });

  it("begins its five days anew with every success", async () => {
    const id = await insertWebhook(sql);
    const outcomes = [failed(500), delivered, failed(500)];
    for (const outcome of outcomes) {
      await oweEvents(sql, [{}]);
      await dispatchOnce(
        dispatching(
          sql,
          fakeSender(() => outcome),
        ),
      );
      await passTime(sql, 4 * 86_400);
    }
    await oweEvents(sql, [{}]);
    await dispatchOnce(
      dispatching(
        sql,
        fakeSender(() => failed(500)),
      ),
    );
    expect(await isEnabled(id)).toEqual({ enabled: true, reason: null });
  });

  it("is disabled when its owner's key ends, and is sent nothing that it was owed", async () => {
    const owner = await keyWith("admin");
    const id = await insertWebhook(sql, { owner });
    const other = await insertWebhook(sql);
    await oweEvents(sql, [{}]);
    await revokeKey(sql, owner);
    const sender = fakeSender();
    await dispatchOnce(dispatching(sql, sender));
    expect(sender.sent.map(({ url }) => url)).toEqual([`https://${other}.example/hook`]);
    expect(await isEnabled(id)).toEqual({ enabled: false, reason: "owner-key-ended" });
    expect(await isEnabled(other)).toEqual({ enabled: true, reason: null });
  });

  it("goes on with what it was owed when it is enabled again", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{}]);
    const ctx = createTestContext(sql);
    await updateWebhook(ctx, { id, ifMatch: undefined, patch: { enabled: false } });
    const sender = fakeSender();
    expect((await dispatchOnce(dispatching(sql, sender))).claimed).toBe(0);
    await updateWebhook(ctx, { id, ifMatch: undefined, patch: { enabled: true } });
    expect((await dispatchOnce(dispatching(sql, sender))).delivered).toBe(1);
  });

  it("is deleted with what is under way, and nothing is left of it", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{ id: "one" }, { id: "two" }]);
    const other = await insertWebhook(sql);
    const sender = heldSender();
    const dispatcher = running(sender);
    dispatcher.look();
    await sender.arrives(1);
    await deleteWebhook(createTestContext(sql), id);
    sender.answer("one");
    await oweEvents(sql, [{ id: "three", webhookId: other }]);
    dispatcher.look();
    await sender.arrives(sender.sent.length + 1);
    sender.answer("two");
    sender.answer("three");
    await dispatcher.stop(5_000);
    expect(await deliveriesOf(sql, id)).toHaveLength(0);
    expect(await deliveriesOf(sql, other)).toMatchObject([{ state: "delivered" }]);
    const lanes = await sql`select from fairlead.webhook_lanes where webhook_id = ${id}`;
    expect(lanes).toHaveLength(0);
  });
});
