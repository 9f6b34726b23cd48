import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  delivered,
  dispatching,
  failed,
  fakeSender,
  insertWebhook,
  oweEvents,
  passTime,
} from "../../test/helpers/webhooks/dispatching.ts";
import { dispatchOnce } from "../../workers/webhooks/dispatcher.ts";
import type { Figure } from "../platform/metrics.ts";
import type { Sql } from "../platform/sql.ts";
import { readWebhookFigures } from "./read-webhook-figures.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());

const valueOf = (figures: readonly Figure[], name: string, labels: object = {}) =>
  figures.find(
    (figure) =>
      figure.name === `fairlead_webhook_${name}` &&
      Object.entries(labels).every(([label, value]) => figure.labels?.[label] === value),
  )?.value;

it("tells of attempts by how they ended, of what is parked and owed, and of each receiver's times", async () => {
  const good = await insertWebhook(sql);
  const bad = await insertWebhook(sql);
  await oweEvents(sql, [{}, {}]);
  const sender = fakeSender(({ url }) =>
    url.includes(bad) ? failed(500) : { ...delivered, durationMs: 30 },
  );
  await dispatchOnce(dispatching(sql, sender));
  await passTime(sql, 100);
  await sql`
    update fairlead.webhook_deliveries set state = 'parked', next_attempt_at = null
    where webhook_id = ${bad} and sequence = (
      select max(sequence) from fairlead.webhook_deliveries where webhook_id = ${bad}
    )`;
  const figures = await readWebhookFigures({ sql });
  const value = (name: string, labels?: object) => valueOf(figures, name, labels);
  expect(value("attempts_total", { outcome: "delivered" })).toBe(2);
  expect(value("attempts_total", { outcome: "failed" })).toBe(2);
  expect(value("deliveries_parked")).toBe(1);
  expect(value("oldest_undelivered_seconds")).toBeGreaterThanOrEqual(100);
  expect(value("attempt_seconds_bucket", { webhook: good, le: "0.025" })).toBe(0);
  expect(value("attempt_seconds_bucket", { webhook: good, le: "0.05" })).toBe(2);
  expect(value("attempt_seconds_bucket", { webhook: good, le: "+Inf" })).toBe(2);
  expect(value("attempt_seconds_sum", { webhook: good })).toBeCloseTo(0.06);
  expect(value("attempt_seconds_count", { webhook: bad })).toBe(2);
});

it("tells of all receivers together where there are more than a hundred", async () => {
  for (let index = 0; index < 99; index += 1) await insertWebhook(sql);
  const figures = await readWebhookFigures({ sql });
  expect(valueOf(figures, "attempt_seconds_count", { webhook: "all" })).toBe(4);
  expect(new Set(figures.map(({ labels }) => labels?.["webhook"]))).toEqual(
    new Set([undefined, "all"]),
  );
});
