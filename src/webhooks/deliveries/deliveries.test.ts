import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertKey, revokeKey } from "../../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext, permissionsOf } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import type { Grant } from "../../permissions/grant.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { createWebhook } from "../create-webhook.ts";
import { deleteWebhook } from "../delete-webhook.ts";
import { changeEvent, jobSpecEvent } from "../event-types.ts";
import { sendTestEvent } from "../send-test-event.ts";
import { updateWebhook } from "../update-webhook.ts";
import type { WebhookContent } from "../webhook.ts";
import { enqueueEvents } from "./enqueue-events.ts";
import { getDelivery } from "./get-delivery.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { redeliver } from "./redeliver.ts";
import type { WebhookEvent } from "./webhook-event.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const all: readonly Grant[] = [{ role: "admin", effect: "allow" }];

const someone = async (grants = all): Promise<Ctx> => {
  const { id } = await insertKey(database.sql, { grants });
  return {
    ...createTestContext(database.sql),
    actor: { type: "key", id },
    permissions: permissionsOf(grants),
  };
};

const make = async (ctx: Ctx, more: Partial<WebhookContent> = {}): Promise<string> => {
  const { webhook } = await createWebhook(ctx, {
    url: "https://example.org/hook",
    events: ["*"],
    app: "",
    environment: "",
    prefix: "",
    payload: "thin",
    format: "cloudevents",
    description: "",
    headers: {},
    signatures: ["v1"],
    enabled: true,
    ...more,
  });
  return webhook.id;
};

/** An event of a type that no other test's webhooks are told of: it names the one that is. */
const eventOf = (revision: number, more: Partial<WebhookEvent> = {}): WebhookEvent => ({
  id: `${randomUUID()}-${revision}`,
  type: changeEvent,
  source: "/fairlead",
  time: "2026-01-31T12:00:00.123456Z",
  revision,
  contentFor: () => ({ data: { revision }, entries: [`config///key.${revision}`] }),
  ...more,
});

const enqueue = (...events: readonly WebhookEvent[]): Promise<readonly string[]> =>
  inTransaction(database.sql, "read write", (tx) => enqueueEvents(tx, events));

/** A webhook with its deliveries of the revisions 1 to `count`, oldest first. */
const owed = async (ctx: Ctx, count: number) => {
  const id = await make(ctx);
  const revisions = Array.from({ length: count }, (_, index) => index + 1);
  const deliveries = await enqueue(...revisions.map((one) => eventOf(one, { webhookId: id })));
  return { id, deliveries };
};

const setState = (ids: readonly string[], state: string) => database.sql`
  update fairlead.webhook_deliveries
  set state = ${state}, attempts = 10, status = 500,
    next_attempt_at = case when ${state} = 'pending' then '2100-01-01'::timestamptz end,
    started_at = clock_timestamp(),
    ended_at = case when ${state} in ('delivered', 'parked', 'cancelled') then clock_timestamp() end
  where id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::text::json))`;

const rowsOf = (webhookId: string) => database.sql<
  { id: string; state: string; attempts: number; isDue: boolean }[]
>`
  select id, state, attempts, coalesce(next_attempt_at <= clock_timestamp(), false) as "isDue"
  from fairlead.webhook_deliveries where webhook_id = ${webhookId} order by sequence`;

const isLaneDue = async (webhookId: string): Promise<boolean> => {
  const [row] = await database.sql<{ isDue: boolean }[]>`
    select coalesce(due_at <= clock_timestamp(), false) as "isDue"
    from fairlead.webhook_lanes where webhook_id = ${webhookId}`;
  return row?.isDue ?? false;
};

const unsetLane = (webhookId: string) =>
  database.sql`update fairlead.webhook_lanes set due_at = null where webhook_id = ${webhookId}`;

/** Waits in a transaction of its own until it is told to go on, as who sends would. */
const holding = async (
  statement: (tx: Parameters<typeof enqueueEvents>[0]) => Promise<unknown>,
) => {
  const [begun, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = database.sql.begin(async (tx) => {
    await statement(tx);
    begun.resolve();
    await goesOn.promise;
  });
  await begun.promise;
  return async () => {
    goesOn.resolve();
    await done;
  };
};

/** Until so many statements of this database wait for somebody's lock. */
const untilWaiting = async (count: number): Promise<void> => {
  for (;;) {
    const [row] = await database.sql<{ count: number }[]>`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if ((row?.count ?? 0) >= count) return;
  }
};

describe("an event", () => {
  it("is owed once to every enabled webhook that asked for it, whose lane is due", async () => {
    const ctx = await someone();
    const asked = await make(ctx, { events: ["dev.fairlead.job*"] });
    const others = [
      await make(ctx, { events: ["dev.fairlead.change.*"] }),
      await make(ctx, { events: ["dev.fairlead.jobspec"] }),
      await make(ctx, { enabled: false }),
    ];
    const event = eventOf(7, { type: jobSpecEvent });
    const told = async (id: string) => (await rowsOf(id)).length;
    expect(await enqueue(event)).toHaveLength(1);
    expect(await enqueue(event, event)).toEqual([]);
    expect(await told(asked)).toBe(1);
    expect(await isLaneDue(asked)).toBe(true);
    for (const other of others) {
      expect(await told(other)).toBe(0);
      expect(await isLaneDue(other)).toBe(false);
    }
  });

  it("is told as its owner's grants are at that moment, and not after the key's end", async () => {
    const grants: readonly Grant[] = [{ role: "admin", effect: "allow", app: "payments" }];
    const ctx = await someone(grants);
    await database.sql`
      insert into fairlead.apps (name, created_by) values ('payments', 'tester')
      on conflict do nothing`;
    const webhookId = await make(ctx, { app: "payments" });
    const contentFor: WebhookEvent["contentFor"] = ({ permissions }) =>
      permissions.may("entries.read", {
        kind: "config",
        app: "payments",
        environment: "",
        key: "a",
      })
        ? { data: {}, entries: [] }
        : undefined;
    expect(await enqueue(eventOf(1, { webhookId, contentFor }))).toHaveLength(1);
    await database.sql`
      update fairlead.api_keys set grants = '[{"role":"viewer","effect":"allow","app":"other"}]'
      where id = ${ctx.actor.id}`;
    expect(await enqueue(eventOf(2, { webhookId, contentFor }))).toEqual([]);
    const always = () => ({ data: {}, entries: [] });
    expect(await enqueue(eventOf(3, { webhookId, contentFor: always }))).toHaveLength(1);
    await revokeKey(database.sql, ctx.actor.id);
    expect(await enqueue(eventOf(4, { webhookId, contentFor: always }))).toEqual([]);
  });

  it("for testing goes to its webhook alone, whatever that one asked for", async () => {
    const ctx = await someone();
    const [tested, other] = [
      await make(ctx, { events: ["dev.fairlead.jobspec.v1"] }),
      await make(ctx),
    ];
    const { deliveryId, eventId } = await sendTestEvent(ctx, tested);
    const delivery = await getDelivery(ctx, { webhookId: tested, deliveryId });
    expect(delivery).toMatchObject({ eventId, state: "pending", attempts: 0 });
    expect(JSON.parse(delivery.body ?? "")).toMatchObject({
      id: eventId,
      type: "dev.fairlead.webhook.test.v1",
      data: { webhookId: tested },
    });
    expect(await rowsOf(other)).toHaveLength(0);
    await updateWebhook(ctx, { id: tested, patch: { enabled: false }, ifMatch: undefined });
    await expect(sendTestEvent(ctx, tested)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("in great number is written whole, in the order in which it came", async () => {
    const { deliveries, id } = await owed(await someone(), 2_500);
    expect((await rowsOf(id)).map((row) => row.id)).toEqual(deliveries);
  });
});

describe("deliveries", () => {
  it("are listed newest first, page after page, by state, type and time", async () => {
    const ctx = await someone();
    const { deliveries, id: webhookId } = await owed(ctx, 5);
    const [first = "", second = ""] = deliveries;
    await setState([first, second], "parked");
    await enqueue(eventOf(9, { webhookId, type: jobSpecEvent }));
    await database.sql`
      update fairlead.webhook_deliveries set created_at = '2020-01-01' where id = ${first}`;
    const revisions = async (filter: object): Promise<readonly (number | null)[]> => {
      const found: (number | null)[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await listDeliveries(ctx, { webhookId, limit: 2, cursor, ...filter });
        found.push(...page.items.map(({ revision }) => revision));
        cursor = page.nextCursor;
        if (cursor === undefined) return found;
      }
    };
    expect(await revisions({})).toEqual([9, 5, 4, 3, 2, 1]);
    expect(await revisions({ state: "parked" })).toEqual([2, 1]);
    expect(await revisions({ eventType: jobSpecEvent })).toEqual([9]);
    expect(await revisions({ state: "parked", since: "2021-01-01T00:00:00Z" })).toEqual([2]);
    const { items } = await listDeliveries(ctx, { webhookId, limit: 1, state: "parked" });
    expect(items).toMatchObject([{ attempts: 10, status: 500, nextAttemptAt: null }]);
  });

  it("say what they hold to who may read all of it, and to their webhook's owner", async () => {
    const reach: readonly Grant[] = [
      { role: "operator", effect: "allow", app: "shop" },
      { role: "viewer", effect: "deny", app: "shop", keys: ["secret.*"] },
    ];
    await database.sql`insert into fairlead.apps (name, created_by) values ('shop', 'tester')`;
    const [owner, reader, admin] = [await someone(reach), await someone(reach), await someone()];
    const webhookId = await make(owner, { app: "shop" });
    const about = (...keys: readonly string[]) =>
      eventOf(1, {
        webhookId,
        contentFor: () => ({ data: {}, entries: keys.map((key) => `config/shop//${key}`) }),
      });
    const many = Array.from({ length: 101 }, (_, index) => `plain.${index}`);
    const ids = await enqueue(about("plain.a"), about("plain.a", "secret.a"), about(...many));
    await database.sql`
      update fairlead.webhook_deliveries set excerpt = 'echo' where webhook_id = ${webhookId}`;
    const shownTo = async (ctx: Ctx): Promise<readonly boolean[]> => {
      const { items } = await listDeliveries(ctx, { webhookId, limit: 10 });
      const details = await Promise.all(
        ids.map((deliveryId) => getDelivery(ctx, { webhookId, deliveryId })),
      );
      const listed = new Map(items.map(({ excerpt, id }) => [id, excerpt]));
      return details.map(({ body, excerpt, id }) => {
        expect([excerpt, listed.get(id)]).toEqual(body === null ? [null, null] : ["echo", "echo"]);
        return body !== null;
      });
    };
    expect(await shownTo(owner)).toEqual([true, true, true]);
    expect(await shownTo(admin)).toEqual([true, true, true]);
    // Where there are too many to be listed, nobody else knows that they may read them all.
    expect(await shownTo(reader)).toEqual([true, false, false]);
    const nearly = await someone([
      { role: "admin", effect: "allow" },
      { role: "viewer", effect: "deny", keys: ["secret.*"] },
    ]);
    expect(await shownTo(nearly)).toEqual([true, false, false]);
  });
});

describe("redelivery", () => {
  it("makes all since a revision or a time new again, in order, but those that are being sent", async () => {
    const ctx = await someone();
    const { deliveries, id } = await owed(ctx, 5);
    const [first = "", second = "", third = "", fourth = "", fifth = ""] = deliveries;
    await setState([first, second], "delivered");
    await setState([third], "parked");
    await setState([fourth], "sending");
    await setState([fifth], "pending");
    await unsetLane(id);
    expect(await redeliver(ctx, id, { sinceRevision: 2 })).toEqual({
      webhookId: id,
      redelivered: 3,
    });
    const renewed = { state: "pending", attempts: 0, isDue: true };
    expect(await rowsOf(id)).toEqual([
      { id: first, state: "delivered", attempts: 10, isDue: false },
      { id: second, ...renewed },
      { id: third, ...renewed },
      { id: fourth, state: "sending", attempts: 10, isDue: false },
      { id: fifth, ...renewed },
    ]);
    expect(await isLaneDue(id)).toBe(true);
    const since = "2020-01-01T00:00:00Z";
    expect(await redeliver(ctx, id, { since })).toMatchObject({ redelivered: 4 });
    const later = "2100-01-01T00:00:00Z";
    expect(await redeliver(ctx, id, { since: later })).toMatchObject({ redelivered: 0 });
  });

  it("of one waits for who is sending it, and then leaves it to that", async () => {
    const ctx = await someone();
    const { deliveries, id } = await owed(ctx, 1);
    const [deliveryId = ""] = deliveries;
    const goOn = await holding(
      (tx) => tx`
        update fairlead.webhook_deliveries
        set state = 'sending', attempts = 1, next_attempt_at = null, started_at = clock_timestamp()
        where id = ${deliveryId}`,
    );
    const asked = redeliver(ctx, id, { deliveryId });
    const [, end] = await Promise.allSettled([untilWaiting(1).then(goOn), asked]);
    expect(end).toMatchObject({ status: "rejected", reason: { code: "CONFLICT" } });
    expect(await rowsOf(id)).toMatchObject([{ state: "sending", attempts: 1 }]);
    await setState([deliveryId], "delivered");
    expect(await redeliver(ctx, id, { deliveryId })).toMatchObject({ redelivered: 1 });
    expect(await rowsOf(id)).toMatchObject([{ id: deliveryId, state: "pending", attempts: 0 }]);
  });

  it("knows no delivery of another webhook", async () => {
    const ctx = await someone();
    const [one, other] = [await owed(ctx, 1), await owed(ctx, 1)];
    const [deliveryId = ""] = other.deliveries;
    const missing = { code: "NOT_FOUND" };
    await expect(redeliver(ctx, one.id, { deliveryId })).rejects.toMatchObject(missing);
    await expect(getDelivery(ctx, { webhookId: one.id, deliveryId })).rejects.toMatchObject(
      missing,
    );
  });
});

describe("deleting a webhook", () => {
  it("leaves nothing of it, though deliveries are under way and events come in", async () => {
    const ctx = await someone();
    const { deliveries, id } = await owed(ctx, 20);
    await setState(deliveries.slice(0, 5), "sending");
    const goOn = await holding((tx) => enqueueEvents(tx, [eventOf(98, { webhookId: id })]));
    const deleted = deleteWebhook(ctx, id);
    await untilWaiting(1);
    const more = enqueue(eventOf(99, { webhookId: id }));
    await untilWaiting(2);
    await goOn();
    await deleted;
    // Who was first has its delivery deleted; who read the webhook before it went away writes none.
    expect(await more).toEqual([]);
    const [left] = await database.sql<{ count: number }[]>`
      select (
        (select count(*) from fairlead.webhook_deliveries where webhook_id = ${id})
        + (select count(*) from fairlead.webhook_lanes where webhook_id = ${id})
        + (select count(*) from fairlead.webhooks where id = ${id})
      )::int as count`;
    expect(left?.count).toBe(0);
    const outcome = await database.sql`
      update fairlead.webhook_deliveries set state = 'delivered' where id = ${deliveries[0] ?? ""}`;
    expect(outcome.count).toBe(0);
  });
});
