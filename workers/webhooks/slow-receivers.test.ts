import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Sql } from "../../src/platform/sql.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { dispatching, insertWebhook, oweEvents } from "../../test/helpers/webhooks/dispatching.ts";
import { heldSender } from "../../test/helpers/webhooks/held-sender.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
const dispatchers: Dispatcher[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(dispatchers.splice(0).map((one) => one.stop(0).catch(() => {})));
  await database.drop();
});

/** Moves the clock by which receivers are slow. */
const slowClock = () => {
  const now = performance.now.bind(performance);
  let passedMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + passedMs);
  return (ms: number) => {
    passedMs += ms;
  };
};

const running = (more: { concurrency: number; concurrencyPerEndpoint?: number }) => {
  const sender = heldSender();
  const dispatcher = createDispatcher(dispatching(sql, sender, more));
  dispatchers.push(dispatcher);
  const sends = async (id: string): Promise<string> => {
    const webhookId = await insertWebhook(sql);
    await oweEvents(sql, [{ id, webhookId }]);
    dispatcher.look();
    return webhookId;
  };
  return { sender, dispatcher, sends };
};

const countSending = async (webhookId: string): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from fairlead.webhook_deliveries
    where webhook_id = ${webhookId} and state = 'sending'`;
  return row?.count ?? 0;
};

describe("receivers that were quick and become slow", () => {
  it("leave the others their part, and keep only what is under way", async () => {
    const pass = slowClock();
    const { dispatcher, sender, sends } = running({ concurrency: 8 });
    const slow = await insertWebhook(sql);
    const owed = Array.from({ length: 200 }, (_, index) => ({ id: `slow-${index}` }));
    await oweEvents(sql, owed);
    dispatcher.look();
    // It gets more at a time with every good answer.
    for (let count = 1; count <= 7; count += 1) {
      await sender.arrives(count);
      sender.answer(`slow-${count - 1}`);
    }
    await sender.arrives(15);
    pass(1_100);
    await sends("other");
    await sender.arrives(16);
    expect(sender.sentEvents().at(-1)).toBe("other");
    expect(await countSending(slow)).toBe(8);
  });

  it("are together never sent more than twice of what is configured", async () => {
    const pass = slowClock();
    const { sender, sends } = running({ concurrency: 2 });
    for (let count = 1; count <= 4; count += 1) {
      await sends(`slow-${count}`);
      await sender.arrives(count);
      pass(1_100);
    }
    const fifth = await sends("fifth");
    while ((await countSending(fifth)) === 0);
    await new Promise((resume) => setImmediate(resume));
    sender.answer("slow-1");
    await sender.arrives(5);
    expect(sender.peak()).toBe(4);
  });
});
