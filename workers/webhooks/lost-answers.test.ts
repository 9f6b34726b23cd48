import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "../../src/platform/sql.ts";
import { beginAttempts } from "../../src/webhooks/deliveries/begin-attempts.ts";
import { claimLanes } from "../../src/webhooks/deliveries/claim-lanes.ts";
import { releaseLanes } from "../../src/webhooks/deliveries/release-lanes.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  deliveriesOf,
  dispatching,
  fakeSender,
  insertWebhook,
  oweEvents,
} from "../../test/helpers/webhooks/dispatching.ts";
import { watchedBegin } from "../../test/helpers/webhooks/watched-begin.ts";
import { createDispatcher, dispatchOnce } from "./dispatcher.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeEach(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterEach(() => database.drop());

const holder = "tester";

const claim = async (): Promise<{ webhookId: string; fence: number }> => {
  const [lane] = await claimLanes(sql, { holder, leaseMs: 60_000, limit: 1 });
  if (lane === undefined) throw new Error("There is no lane to take.");
  return { webhookId: lane.webhookId, fence: lane.fence };
};

const countWaiting = async (): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.count ?? 0;
};

describe("attempts that were begun without our knowing", () => {
  it("are made after all, by the same process, and say that they may arrive twice", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{}, {}]);
    let losses = 1;
    const lossy = watchedBegin(sql, async () => {
      if (losses > 0) {
        losses -= 1;
        throw new Error("the connection was lost");
      }
    });
    const sender = fakeSender();
    const dispatcher = createDispatcher(dispatching(lossy, sender));
    await expect(dispatcher.drain()).rejects.toThrow("the connection was lost");
    expect((await deliveriesOf(sql, id)).map(({ state }) => state)).toEqual(["sending", "sending"]);
    await dispatcher.drain();
    await dispatcher.stop(0);
    expect(sender.sent).toHaveLength(2);
    expect(await deliveriesOf(sql, id)).toMatchObject([
      { state: "delivered", attempts: 2, interrupted: 1 },
      { state: "delivered", attempts: 2, interrupted: 1 },
    ]);
  });

  it("are due again when the lane is given back", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{}]);
    const lane = await claim();
    await beginAttempts(sql, holder, [{ ...lane, take: 1 }]);
    await releaseLanes(sql, holder, [{ ...lane, isUncertain: false }]);
    expect(await deliveriesOf(sql, id)).toMatchObject([{ state: "pending", interrupted: 1 }]);
    expect(await dispatchOnce(dispatching(sql, fakeSender()))).toMatchObject({ delivered: 1 });
  });

  it("are found even where the statement ends after the lane was to be given back", async () => {
    const id = await insertWebhook(sql);
    await oweEvents(sql, [{}]);
    const lane = await claim();
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const late = sql.begin(async (tx) => {
      await beginAttempts(tx as unknown as Sql, holder, [{ ...lane, take: 1 }]);
      begun.resolve();
      await end.promise;
    });
    await begun.promise;
    const released = releaseLanes(sql, holder, [{ ...lane, isUncertain: true }]);
    while ((await countWaiting()) === 0);
    end.resolve();
    await Promise.all([late, released]);
    expect(await dispatchOnce(dispatching(sql, fakeSender()))).toMatchObject({ delivered: 1 });
    expect(await deliveriesOf(sql, id)).toMatchObject([{ state: "delivered", interrupted: 1 }]);
  });
});
