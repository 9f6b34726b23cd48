import { createHash, createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "../../src/platform/sql.ts";
import { deleteWebhook } from "../../src/webhooks/delete-webhook.ts";
import { updateWebhook } from "../../src/webhooks/update-webhook.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import {
  deliveriesOf,
  dispatching,
  insertWebhook,
  oweEvents,
} from "../../test/helpers/webhooks/dispatching.ts";
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
  await Promise.all(dispatchers.splice(0).map((one) => one.stop(0).catch(() => {})));
  await database.drop();
});

/** A webhook with one request under way, and more begun behind it. */
const withQueue = async () => {
  const id = await insertWebhook(sql);
  await oweEvents(
    sql,
    ["one", "two", "three"].map((event) => ({ id: event, entry: "the same" })),
  );
  const sender = heldSender();
  const dispatcher = createDispatcher(dispatching(sql, sender));
  dispatchers.push(dispatcher);
  dispatcher.look();
  await sender.arrives(1);
  return { id, sender, dispatcher };
};

/** Resolves when it has looked, and sent what it may. */
const passesOn = async ({ dispatcher, sender }: Awaited<ReturnType<typeof withQueue>>) => {
  dispatcher.look();
  sender.answer("one");
  const other = await insertWebhook(sql, { url: "https://other.example/" });
  await oweEvents(sql, [{ id: "other", webhookId: other }]);
  dispatcher.look();
  while (!sender.sentEvents().includes("other")) await sender.arrives(sender.sent.length + 1);
};

describe("what was begun for a webhook, after a look", () => {
  it("is not sent where the webhook is disabled, and waits", async () => {
    const world = await withQueue();
    const patch = { enabled: false };
    await updateWebhook(createTestContext(sql), { id: world.id, ifMatch: undefined, patch });
    await passesOn(world);
    expect(world.sender.sentEvents()).toEqual(["one", "other"]);
    expect(await deliveriesOf(sql, world.id)).toMatchObject([
      { state: "delivered" },
      { state: "pending", attempts: 0, interrupted: 0 },
      { state: "pending", attempts: 0, interrupted: 0 },
    ]);
  });

  it("is not sent where the webhook is deleted", async () => {
    const world = await withQueue();
    await deleteWebhook(createTestContext(sql), world.id);
    await passesOn(world);
    expect(world.sender.sentEvents()).toEqual(["one", "other"]);
  });

  it("goes to a new URL", async () => {
    const { dispatcher, id, sender } = await withQueue();
    const patch = { url: "https://new.example/" };
    await updateWebhook(createTestContext(sql), { id, ifMatch: undefined, patch });
    dispatcher.look();
    sender.answer("one");
    await sender.arrives(2);
    expect(sender.sentEvents()).toEqual(["one", "two"]);
    expect(sender.sent[1]?.url).toBe("https://new.example/");
  });

  it("is signed with a new secret alone where the old one has no overlap", async () => {
    const { dispatcher, id, sender } = await withQueue();
    await sql`
      update fairlead.webhooks set secret = sha256('new'), version = version + 1
      where id = ${id}`;
    dispatcher.look();
    sender.answer("one");
    await sender.arrives(2);
    const { body = "", headers = {} } = sender.sent[1] ?? {};
    const key = createHash("sha256").update("new").digest();
    const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const signature = createHmac("sha256", key).update(text).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${signature}`);
  });
});
