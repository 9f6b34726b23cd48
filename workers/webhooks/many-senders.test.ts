import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "../../src/platform/sql.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  delivered,
  deliveriesOf,
  dispatching,
  failed,
  fakeSender,
  insertWebhook,
  oweEvents,
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

describe("processes that send to the same webhooks", () => {
  const expireLeases = () => sql`
    update fairlead.webhook_lanes set lease_expires_at = clock_timestamp() - interval '1 s'
    where lease_holder is not null`;

  it("never send to one at the same time", async () => {
    for (let index = 0; index < 20; index += 1) await insertWebhook(sql);
    await oweEvents(
      sql,
      Array.from({ length: 10 }, () => ({})),
    );
    const sender = fakeSender(async () => {
      await new Promise((resume) => setImmediate(resume));
      return delivered;
    });
    const more = { concurrencyPerEndpoint: 1 };
    const counts = await Promise.all([
      dispatchOnce(dispatching(sql, sender, more)),
      dispatchOnce(dispatching(sql, sender, more)),
      dispatchOnce(dispatching(sql, sender, more)),
    ]);
    expect(counts.reduce((sum, one) => sum + one.delivered, 0)).toBe(200);
    expect(sender.sent).toHaveLength(200);
    for (const url of new Set(sender.sent.map((one) => one.url))) {
      expect(sender.peakOf(url)).toBe(1);
    }
  });

  it("take over what a dead one has begun, and say that it may arrive twice", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{ id: "one" }]);
    const frozen = heldSender();
    running(frozen).look();
    await frozen.arrives(1);
    await expireLeases();
    const sender = fakeSender();
    const counts = await dispatchOnce(dispatching(sql, sender));
    expect(counts).toMatchObject({ takenOver: 1, delivered: 1 });
    // The one that was thought dead gets its answer late: it counts no more.
    frozen.answer("one", failed(500));
    await dispatchers[0]?.stop(5_000);
    expect(await deliveriesOf(sql, id)).toMatchObject([
      { state: "delivered", attempts: 2, interrupted: 1, status: 204 },
    ]);
  });

  it("give up what they send when somebody else has taken it", async () => {
    await insertWebhook(sql);
    await oweEvents(sql, [{ id: "one" }]);
    const frozen = heldSender();
    running(frozen, { leaseMs: 300 }).look();
    await frozen.arrives(1);
    const aborted = once(frozen.sent[0]?.signal as AbortSignal, "abort");
    await sql`update fairlead.webhook_lanes set fence = fence + 1, lease_holder = 'another'`;
    expect(await aborted).toHaveLength(1);
  });

  it("put back what they have not sent when they stop, as if it had not been begun", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [
      { id: "one", entry: "a" },
      { id: "two", entry: "a" },
    ]);
    const sender = heldSender();
    const dispatcher = running(sender);
    dispatcher.look();
    await sender.arrives(1);
    const stopped = dispatcher.stop(5_000);
    sender.answer("one");
    await stopped;
    expect(await deliveriesOf(sql, id)).toMatchObject([
      { state: "delivered", attempts: 1 },
      { state: "pending", attempts: 0, interrupted: 0 },
    ]);
    expect((await dispatchOnce(dispatching(sql, fakeSender()))).delivered).toBe(1);
  });

  it("count what they must give up as interrupted", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{ id: "one" }]);
    const sender = heldSender();
    const dispatcher = running(sender);
    dispatcher.look();
    await sender.arrives(1);
    await dispatcher.stop(0);
    expect(await deliveriesOf(sql, id)).toMatchObject([
      { state: "pending", attempts: 1, interrupted: 1 },
    ]);
  });
});
