import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../src/platform/log.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { everyEntry } from "../../src/webhooks/deliveries/webhook-event.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
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
import type { Outcome } from "./outcome.ts";

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

describe("a dispatcher", () => {
  it("sends what is owed once, signed, with the webhook's own headers", async () => {
    const id = await insertWebhook(sql, { headers: { "x-team": "payments" } });
    await oweEvents(sql, [{}, {}]);
    const sender = fakeSender();
    const counts = await dispatchOnce(dispatching(sql, sender));
    expect(counts).toMatchObject({ claimed: 1, delivered: 2, failed: 0 });
    const rows = await deliveriesOf(sql, id);
    expect(rows.map(({ state, attempts, status }) => [state, attempts, status])).toEqual([
      ["delivered", 1, 204],
      ["delivered", 1, 204],
    ]);
    expect(sender.sent.map(({ headers }) => headers["webhook-id"])).toEqual(
      rows.map((row) => row.id),
    );
    expect(sender.sent[0]?.headers).toMatchObject({
      "x-team": "payments",
      "content-type": "application/cloudevents+json; charset=utf-8",
      "user-agent": "Fairlead-Webhooks/0.0.0",
      "webhook-signature": expect.stringMatching(/^v1,/),
    });
    expect(await dispatchOnce(dispatching(sql, sender))).toMatchObject({ delivered: 0 });
  });

  it("tries again as the schedule says, ten times, and parks then", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{}]);
    const sender = fakeSender(() => failed(500));
    const waits: (number | null | undefined)[] = [];
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      const counts = await dispatchOnce(dispatching(sql, sender));
      expect(counts.failed).toBe(1);
      expect((await dispatchOnce(dispatching(sql, sender))).failed).toBe(0);
      const [row] = await deliveriesOf(sql, id);
      waits.push(row?.waitSeconds);
      await passTime(sql, (row?.waitSeconds ?? 0) + 1);
    }
    expect(waits).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, null]);
    expect(await deliveriesOf(sql, id)).toMatchObject([{ state: "parked", attempts: 10 }]);
  });

  it("says the same on every attempt, under the same id", async () => {
    await insertWebhook(sql);
    await oweEvents(sql, [{}]);
    const sender = fakeSender(() => failed(500));
    await dispatchOnce(dispatching(sql, sender));
    await passTime(sql, 6);
    await dispatchOnce(dispatching(sql, sender));
    const [first, second] = sender.sent;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
  });

  it("waits as long as a receiver asks", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{}]);
    await dispatchOnce(
      dispatching(
        sql,
        fakeSender(() => failed(503, 600_000)),
      ),
    );
    const [row] = await deliveriesOf(sql, id);
    expect(row?.waitSeconds).toBeGreaterThanOrEqual(599);
    expect(row?.waitSeconds).toBeLessThanOrEqual(660);
  });
});

describe("the order of deliveries", () => {
  it("is kept for an entry, while others overtake", async () => {
    await insertWebhook(sql);
    const sender = heldSender();
    // What has answered once gets more than one request at a time.
    await oweEvents(sql, [{ id: "warm" }]);
    const dispatcher = running(sender);
    dispatcher.look();
    await sender.arrives(1);
    await oweEvents(sql, [
      { id: "a1", entry: "a" },
      { id: "a2", entry: "a" },
      { id: "b1", entry: "b" },
    ]);
    sender.answer("warm");
    dispatcher.look();
    await sender.arrives(3);
    expect(sender.sentEvents()).toEqual(["warm", "a1", "b1"]);
    sender.answer("a1");
    await sender.arrives(4);
    expect(sender.sentEvents().at(-1)).toBe("a2");
  });

  it("does not wait for one that failed", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [
      { id: "a1", entry: "a" },
      { id: "a2", entry: "a" },
    ]);
    const answers: Outcome[] = [failed(500)];
    const counts = await dispatchOnce(
      dispatching(
        sql,
        fakeSender(() => answers.pop() ?? delivered),
      ),
    );
    expect(counts).toMatchObject({ failed: 1, delivered: 1 });
    const rows = await deliveriesOf(sql, id);
    expect(rows.map(({ state }) => state)).toEqual(["pending", "delivered"]);
  });

  it("lets nothing go beside a delivery about more entries than are listed", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{ entry: "a" }, { entry: everyEntry }, { entry: "b" }, { entry: "c" }]);
    const sender = fakeSender(async () => {
      await new Promise((resume) => setImmediate(resume));
      return delivered;
    });
    await dispatchOnce(dispatching(sql, sender));
    const rows = await deliveriesOf(sql, id);
    const place = new Map(sender.sent.map(({ headers }, at) => [headers["webhook-id"], at]));
    expect(place.get(rows[1]?.id ?? "")).toBe(1);
  });
});

describe("the number of requests at once", () => {
  const soon = async (): Promise<Outcome> => {
    await new Promise((resume) => setTimeout(resume, 2));
    return delivered;
  };

  it("is bounded for each endpoint and in all", async () => {
    const urls = ["https://one.example/", "https://two.example/", "https://three.example/"];
    for (const url of urls) await insertWebhook(sql, { url });
    await oweEvents(
      sql,
      Array.from({ length: 60 }, () => ({})),
    );
    const sender = fakeSender(soon);
    const counts = await dispatchOnce(
      dispatching(sql, sender, { concurrency: 7, concurrencyPerEndpoint: 4 }),
    );
    expect(counts.delivered).toBe(180);
    expect(sender.peak()).toBeLessThanOrEqual(7);
    expect(urls.map((url) => sender.peakOf(url) <= 4)).toEqual([true, true, true]);
    // It does use what it may.
    expect(sender.peak()).toBeGreaterThan(4);
  });

  it("leaves room for others, however many receivers hang", async () => {
    const sender = heldSender();
    for (let index = 0; index < 12; index += 1) {
      const webhookId = await insertWebhook(sql);
      await oweEvents(sql, [{ id: `dead-${index}`, webhookId }]);
    }
    await sql`update fairlead.webhook_lanes set failing_since = clock_timestamp()`;
    const dispatcher = running(sender, { concurrency: 8 });
    dispatcher.look();
    await sender.arrives(2);
    const healthy = await insertWebhook(sql);
    for (let index = 0; index < 5; index += 1) {
      await oweEvents(sql, [{ id: `healthy-${index}`, webhookId: healthy }]);
      dispatcher.look();
      await sender.arrives(3 + index);
      expect(sender.sentEvents().at(-1)).toBe(`healthy-${index}`);
      sender.answer(`healthy-${index}`);
    }
    // A quarter of all, and no more.
    expect(sender.sentEvents().filter((event) => event.startsWith("dead"))).toHaveLength(2);
  });

  it("bounds what is in memory of 100,000 events for one endpoint that hangs", async () => {
    const slow = await insertWebhook(sql);
    await oweEvents(sql, [{ id: "first", webhookId: slow }]);
    await sql`
      insert into fairlead.webhook_deliveries
        (id, webhook_id, event_id, event_type, entries, content_type, body, created_at, state,
         next_attempt_at)
      select gen_random_uuid(), ${slow}, n::text, 'x', '[]', 'text/plain',
        '{"data":{"event":"' || n || '"}}', clock_timestamp(), 'pending', clock_timestamp()
      from generate_series(1, 100000) n`;
    const sender = heldSender();
    const dispatcher = running(sender, { concurrency: 8 });
    dispatcher.look();
    await sender.arrives(1);
    const other = await insertWebhook(sql);
    await oweEvents(sql, [{ id: "other", webhookId: other }]);
    dispatcher.look();
    await sender.arrives(2);
    expect(sender.sentEvents()).toEqual(["first", "other"]);
    const [row] = await sql<{ begun: number }[]>`
      select count(*)::int as begun from fairlead.webhook_deliveries where state = 'sending'`;
    expect(row?.begun).toBeLessThanOrEqual(32);
  });
});

it("writes no secret into rows or the log", async () => {
  const id = await insertWebhook(sql, { headers: { authorization: "Bearer 0123456789abcdef" } });
  await oweEvents(sql, [{}]);
  const lines: string[] = [];
  const log = createLogger("debug", (line) => lines.push(line));
  const more = { log };
  await dispatchOnce(
    dispatching(
      sql,
      fakeSender(() => failed(410)),
      more,
    ),
  );
  const rows = await sql<{ text: string; secret: Uint8Array }[]>`
    select d::text as text, w.secret from fairlead.webhook_deliveries d
    join fairlead.webhooks w on w.id = d.webhook_id where w.id = ${id}`;
  const said = [...lines, ...rows.map(({ text }) => text)].join("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const encoding of ["base64", "hex"] as const) {
    expect(said).not.toContain(Buffer.from(rows[0]?.secret ?? []).toString(encoding));
  }
  expect(said).not.toContain("0123456789abcdef");
});
