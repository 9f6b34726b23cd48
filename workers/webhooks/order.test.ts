import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "../../src/platform/sql.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  delivered,
  dispatching,
  failed,
  fakeSender,
  insertWebhook,
  oweEvents,
} from "../../test/helpers/webhooks/dispatching.ts";
import { heldSender } from "../../test/helpers/webhooks/held-sender.ts";
import { watchedBegin } from "../../test/helpers/webhooks/watched-begin.ts";
import { createDispatcher, type Dispatcher, dispatchOnce } from "./dispatcher.ts";
import type { WebhookRequest } from "./send-request.ts";

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

/** More than is begun at once. */
const names = Array.from({ length: 60 }, (_, index) => `event-${index}`);
const events = names.map((id) => ({ id, entry: "the same" }));

const eventOf = ({ body }: WebhookRequest): string =>
  (JSON.parse(body) as { data: { event: string } }).data.event;

describe("deliveries of one entry that have not failed", () => {
  it("stay in their order when one before them fails", async () => {
    await insertWebhook(sql);
    await oweEvents(sql, events);
    const sender = fakeSender((request) =>
      eventOf(request) === "event-9" ? failed(500) : delivered,
    );
    await dispatchOnce(dispatching(sql, sender));
    expect(sender.sent.map(eventOf)).toEqual(names);
  });

  it("stay in their order when one before them fails while more are begun", async () => {
    await insertWebhook(sql);
    await oweEvents(sql, events);
    const sender = heldSender();
    const failing = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let begins = 0;
    const watched = watchedBegin(sql, async () => {
      begins += 1;
      if (begins !== 2) return;
      reached.resolve();
      await failing.promise;
    });
    const dispatcher = createDispatcher(dispatching(watched, sender));
    dispatchers.push(dispatcher);
    dispatcher.look();
    await sender.arrives(1);
    sender.answer("event-0");
    await sender.arrives(2);
    await reached.promise;
    sender.answer("event-1", failed(500));
    await new Promise((resume) => setImmediate(resume));
    failing.resolve();
    for (let count = 3; count < names.length; count += 1) {
      await sender.arrives(count);
      sender.answer(sender.sentEvents().at(-1) ?? "");
    }
    expect(sender.sentEvents().slice(0, 50)).toEqual(names.slice(0, 50));
  });

  it("stay in their order when somebody else takes over", async () => {
    await insertWebhook(sql);
    await oweEvents(sql, events);
    const frozen = heldSender();
    const dispatcher = createDispatcher(dispatching(sql, frozen));
    dispatchers.push(dispatcher);
    dispatcher.look();
    await frozen.arrives(1);
    await sql`
      update fairlead.webhook_lanes set lease_expires_at = clock_timestamp() - interval '1 s'`;
    const sender = fakeSender();
    await dispatchOnce(dispatching(sql, sender));
    expect(sender.sent.map(eventOf)).toEqual(names);
  });
});
