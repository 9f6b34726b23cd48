import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { insertWebhook, oweEvents } from "../../../test/helpers/webhooks/dispatching.ts";
import { expireDeliveriesOnce } from "./expire-deliveries.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it("forgets what ended well long ago, and nothing that is parked or owed", async () => {
  const { sql } = database;
  const id = await insertWebhook(sql);
  const ids = await oweEvents(sql, [{}, {}, {}, {}, {}]);
  const states = ["delivered", "cancelled", "parked", "delivered"];
  for (const [index, state] of states.entries()) {
    const days = index === 3 ? 29 : 31;
    await sql`
      update fairlead.webhook_deliveries
      set state = ${state}, next_attempt_at = null,
        ended_at = clock_timestamp() - make_interval(days => ${days})
      where id = ${ids[index] ?? ""}`;
  }
  expect(await expireDeliveriesOnce({ sql, retentionDays: 30 })).toEqual({ deleted: 2 });
  const rows = await sql<{ state: string }[]>`
    select state from fairlead.webhook_deliveries where webhook_id = ${id} order by sequence`;
  expect(rows.map(({ state }) => state)).toEqual(["parked", "delivered", "pending"]);
});
