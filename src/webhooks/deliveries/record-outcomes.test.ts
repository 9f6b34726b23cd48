import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import {
  deliveriesOf,
  insertWebhook,
  oweEvents,
} from "../../../test/helpers/webhooks/dispatching.ts";
import type { Sql } from "../../platform/sql.ts";
import { type Attempt, beginAttempts } from "./begin-attempts.ts";
import { claimLanes } from "./claim-lanes.ts";
import { type AttemptEnd, recordOutcomes } from "./record-outcomes.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
let webhookId: string;
let fence: number;

beforeEach(async () => {
  database = await createTestDatabase();
  sql = database.sql;
  webhookId = await insertWebhook(sql);
  await oweEvents(sql, [{}, {}]);
  const [lane] = await claimLanes(sql, { holder: "tester", leaseMs: 60_000, limit: 1 });
  fence = lane?.fence ?? 0;
});
afterEach(() => database.drop());

const begin = async (): Promise<readonly Attempt[]> => {
  const { attempts } = await beginAttempts(sql, "tester", [{ webhookId, fence, take: 2 }]);
  return attempts;
};

const endOf = (attempt: Attempt | undefined, more: Partial<AttemptEnd> = {}): AttemptEnd => ({
  id: attempt?.id ?? "",
  webhookId,
  fence,
  attempts: attempt?.attempts ?? 0,
  startedAt: attempt?.startedAt ?? "",
  outcome: "delivered",
  state: "delivered",
  waitMs: null,
  status: 204,
  error: null,
  excerpt: "",
  durationMs: 20,
  ...more,
});

const undone = { outcome: "undone", state: "pending", status: null } as const;

const lane = async () => {
  const [row] = await sql<{ delivered: number; failed: number; latencyCounts: number[] }[]>`
    select delivered, failed, to_json(latency_counts) as "latencyCounts", latency_seconds as seconds,
      failing_since is not null as "isFailing"
    from fairlead.webhook_lanes where webhook_id = ${webhookId}`;
  return row;
};

describe("the ends of attempts", () => {
  it("are counted once, however often they are written down", async () => {
    const [one, two] = await begin();
    const failure = { outcome: "failed", state: "pending", waitMs: 5_000, status: 500 } as const;
    const ends = [endOf(one), endOf(two, failure)];
    await recordOutcomes(sql, ends);
    await recordOutcomes(sql, ends);
    const latencyCounts = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const counted = { delivered: 1, failed: 1, latencyCounts, seconds: 0.04, isFailing: true };
    expect(await lane()).toEqual(counted);
  });

  it("do not end another attempt that has the same number", async () => {
    const [first] = await begin();
    await recordOutcomes(sql, [endOf(first, undone)]);
    const [again] = await begin();
    expect(again).toMatchObject({ id: first?.id, attempts: first?.attempts });
    await recordOutcomes(sql, [endOf(first, undone)]);
    expect((await deliveriesOf(sql, webhookId))[0]?.state).toBe("sending");
    await recordOutcomes(sql, [endOf(again)]);
    expect((await deliveriesOf(sql, webhookId))[0]?.state).toBe("delivered");
  });

  it("are written down beside those of a time when the lane was held before", async () => {
    const [one, two] = await begin();
    await recordOutcomes(sql, [endOf(one, { fence: fence - 1 }), endOf(two)]);
    const rows = await deliveriesOf(sql, webhookId);
    expect(rows.map(({ state }) => state)).toEqual(["sending", "delivered"]);
    expect(await lane()).toMatchObject({ delivered: 1 });
  });

  it("leave what was not made in its place, before what has come since", async () => {
    const attempts = await begin();
    await oweEvents(sql, [{}]);
    const ends = attempts.map((attempt) => endOf(attempt, undone));
    await recordOutcomes(sql, ends);
    expect((await begin()).map(({ id }) => id)).toEqual(attempts.map(({ id }) => id));
  });
});
