import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { eventually } from "../helpers/history/eventually.ts";
import { startRestartablePostgres } from "../helpers/restartable-postgres.ts";
import { deliveriesOf, insertWebhook, oweEvents } from "../helpers/webhooks/dispatching.ts";
import { startReceiver } from "../helpers/webhooks/receiver.ts";
import {
  type SenderProcess,
  startSender,
} from "../helpers/webhooks/sender-process/start-sender.ts";

let receiver: Awaited<ReturnType<typeof startReceiver>>;
const senders: SenderProcess[] = [];

const started = (...parameters: Parameters<typeof startSender>): SenderProcess => {
  const sender = startSender(...parameters);
  senders.push(sender);
  return sender;
};

beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((one) => one.kill()));
  await receiver.stop();
});

/** What the holder of a lease cannot notice: that its time is over. */
const expireLeases = (sql: Sql) => sql`
  update fairlead.webhook_lanes set lease_expires_at = clock_timestamp()
  where lease_holder is not null`;

/** Waits until nothing is owed any more. */
const allDelivered = async (sql: Sql, id: string) => {
  const isDone = async (): Promise<boolean> =>
    (await deliveriesOf(sql, id)).every(({ state }) => state === "delivered");
  expect(await eventually(isDone)).toBe(true);
  return deliveriesOf(sql, id);
};

/** Whatever happens: what arrived more than once is what says that it may have. */
const expectExplained = async (sql: Sql, id: string): Promise<void> => {
  for (const row of await deliveriesOf(sql, id)) {
    const times = receiver.received.filter((one) => one.id === row.id).length;
    expect(times).toBeGreaterThanOrEqual(1);
    expect(times).toBeLessThanOrEqual(1 + row.interrupted);
  }
};

describe("a process that sends and is killed", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let sql: Sql;
  let id: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    sql = database.sql;
    id = await insertWebhook(sql, { url: receiver.url });
    await oweEvents(sql, [{}]);
  });
  afterEach(() => database.drop());

  it("before the request leaves the delivery to the next one", async () => {
    const dying = started(database.url, "before");
    await dying.stands();
    await dying.kill();
    expect(await deliveriesOf(sql, id)).toMatchObject([{ state: "sending", attempts: 1 }]);
    receiver.answerAll(200);
    await expireLeases(sql);
    started(database.url);
    expect(await allDelivered(sql, id)).toMatchObject([{ attempts: 2, interrupted: 1 }]);
    expect(receiver.received).toHaveLength(1);
  });

  it("after the request has arrived leaves one that arrives twice, and says so", async () => {
    const dying = started(database.url);
    await receiver.arrives(1);
    await dying.kill();
    receiver.answerAll(200);
    await expireLeases(sql);
    started(database.url);
    expect(await allDelivered(sql, id)).toMatchObject([{ attempts: 2, interrupted: 1 }]);
    const [first, second] = receiver.received;
    expect(second).toMatchObject({ id: first?.id, body: first?.body });
    await expectExplained(sql, id);
  });

  it("after the answer, before the row says so, likewise", async () => {
    receiver.answerAll(200);
    const dying = started(database.url, "after");
    await dying.stands();
    await dying.kill();
    expect(await deliveriesOf(sql, id)).toMatchObject([{ state: "sending" }]);
    await expireLeases(sql);
    started(database.url);
    expect(await allDelivered(sql, id)).toMatchObject([{ attempts: 2, interrupted: 1 }]);
    expect(receiver.received).toHaveLength(2);
    await expectExplained(sql, id);
  });

  it("or frozen for longer than its lease changes nothing when it wakes", async () => {
    const frozen = started(database.url);
    const first = await receiver.arrives(1);
    frozen.signal("SIGSTOP");
    await expireLeases(sql);
    started(database.url);
    const second = await receiver.arrives(2);
    second.answer(200);
    const done = await allDelivered(sql, id);
    expect(done).toMatchObject([{ attempts: 2, interrupted: 1, status: 200 }]);
    first.answer(500);
    frozen.signal("SIGCONT");
    receiver.answerAll(200);
    // Both look for what is owed from now on: each of these is sent once.
    await oweEvents(
      sql,
      Array.from({ length: 20 }, () => ({})),
    );
    const rows = await allDelivered(sql, id);
    expect(rows[0]).toEqual(done[0]);
    expect(rows.slice(1).every(({ attempts }) => attempts === 1)).toBe(true);
    expect(receiver.received).toHaveLength(22);
  });
});

it("a PostgreSQL that crashes while a request is under way costs no delivery", async () => {
  const postgres = await startRestartablePostgres();
  const sql = connectSql(postgres.url, { max: 2 });
  try {
    const id = await insertWebhook(sql, { url: receiver.url });
    await oweEvents(sql, [{}]);
    started(postgres.url);
    await receiver.arrives(1);
    await postgres.stop("immediate");
    receiver.answerAll(200);
    await postgres.start();
    const rows = await allDelivered(sql, id);
    expect(rows).toHaveLength(1);
    await expectExplained(sql, id);
    await oweEvents(sql, [{}]);
    expect(await allDelivered(sql, id)).toHaveLength(2);
    await expectExplained(sql, id);
  } finally {
    await Promise.all(senders.splice(0).map((one) => one.kill()));
    await sql.end({ timeout: 1 });
    await postgres.remove();
  }
});
