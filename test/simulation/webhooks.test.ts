import { afterAll, beforeAll, expect, it } from "vitest";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { createDispatcher } from "../../workers/webhooks/dispatcher.ts";
import type { Outcome } from "../../workers/webhooks/outcome.ts";
import type { WebhookRequest } from "../../workers/webhooks/send-request.ts";
import { insertKey } from "../helpers/access-rows.ts";
import { createTestDatabase } from "../helpers/database.ts";
import {
  delivered,
  dispatching,
  failed,
  insertWebhook,
  oweEvents,
  passTime,
} from "../helpers/webhooks/dispatching.ts";

const endpoints = 1_000;
/** What the schedule's steps come to. */
const totalHours = 76;
const crashes = 5;
const callsUntilCrash = 40;
/** Of what takes long in the real world, as much as the test has. */
const slowMs = 40;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = database.sql;
});
afterAll(() => database.drop());

/** A tenth of all never answers well, a tenth answers late, one in a hundred fails now and then. */
const kindOf = (index: number): "dead" | "slow" | "moody" | "healthy" => {
  if (index % 10 === 0) return "dead";
  if (index % 10 === 1) return "slow";
  return index % 100 === 2 ? "moody" : "healthy";
};

const eventsEach = 3;

interface Call {
  readonly index: number;
  readonly id: string;
  readonly atMs: number;
}

/** All endpoints there are, with what each of them was sent. */
const createWorld = () => {
  const calls: Call[] = [];
  const send = async ({ headers, url }: WebhookRequest): Promise<Outcome> => {
    const index = Number(new URL(url).pathname.slice(1));
    const id = headers["webhook-id"] ?? "";
    const kind = kindOf(index);
    calls.push({ index, id, atMs: performance.now() });
    if (kind === "slow") await new Promise((resume) => setTimeout(resume, slowMs));
    if (kind === "dead") return failed(502);
    return kind === "moody" && calls.length % 3 === 0 ? failed(500) : delivered;
  };
  return { calls, send };
};

interface Row {
  readonly id: string;
  readonly index: number;
  readonly state: string;
  readonly attempts: number;
  readonly interrupted: number;
}

const allRows = () => sql<Row[]>`
  select d.id, split_part(w.url, '/', 4)::int as index, d.state, d.attempts, d.interrupted
  from fairlead.webhook_deliveries d join fairlead.webhooks w on w.id = d.webhook_id`;

const nextDueSeconds = async (): Promise<number | null> => {
  const [row] = await sql<{ seconds: number | null }[]>`
    select extract(epoch from min(next_attempt_at) - clock_timestamp())::float8 as seconds
    from fairlead.webhook_deliveries where state = 'pending'`;
  return row?.seconds ?? null;
};

const countDue = async (): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from fairlead.webhook_deliveries
    where state = 'pending' and next_attempt_at <= clock_timestamp()`;
  return row?.count ?? 0;
};

/** Cuts a process off in the middle, and lets another one find what it held. */
const crash = async (world: ReturnType<typeof createWorld>): Promise<void> => {
  let left = callsUntilCrash;
  const reached = Promise.withResolvers<void>();
  const send = async (request: WebhookRequest): Promise<Outcome> => {
    left -= 1;
    const outcome = await world.send(request);
    if (left > 0) return outcome;
    reached.resolve();
    // It has arrived, and nobody is there any more to write it down.
    return new Promise<never>(() => {});
  };
  const ofDoomed = connectSql(database.url, { max: 2 });
  const doomed = createDispatcher({ ...dispatching(ofDoomed, { send }), onFailure: () => {} });
  doomed.look();
  await reached.promise;
  await ofDoomed.end({ timeout: 0 });
  await sql`
    update fairlead.webhook_lanes set lease_expires_at = clock_timestamp() - interval '1 s'
    where lease_holder is not null`;
};

const p99 = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length * 0.99)] ?? 0;

it("delivers or parks everything over 76 hours, twice only where a crash explains it", async () => {
  const owner = (await insertKey(sql)).id;
  const ids: string[] = [];
  for (let index = 0; index < endpoints; index += 1) {
    ids.push(await insertWebhook(sql, { url: `https://hooks.example/${index}`, owner }));
  }
  const world = createWorld();
  const firstRoundsMs: number[] = [];
  const run = async (): Promise<void> => {
    const dispatcher = createDispatcher(dispatching(sql, world, { random: Math.random }));
    await dispatcher.drain();
    await dispatcher.stop(0);
  };
  for (let event = 0; event < eventsEach; event += 1) {
    await oweEvents(sql, [{}]);
    const dueMs = performance.now();
    const before = world.calls.length;
    await crash(world);
    await run();
    for (const { atMs, index } of world.calls.slice(before)) {
      if (kindOf(index) === "healthy") firstRoundsMs.push(atMs - dueMs);
    }
  }
  let passedHours = 0;
  let left = crashes - eventsEach;
  for (;;) {
    const waitSeconds = await nextDueSeconds();
    if (waitSeconds === null) break;
    // The later ones of a step come together, for the test's sake.
    const lateSeconds = Math.min(3_600, passedHours * 180 + 2);
    const seconds = Math.max(0, waitSeconds) + lateSeconds;
    passedHours += seconds / 3_600;
    await passTime(sql, seconds);
    if (left > 0 && (await countDue()) > callsUntilCrash) {
      await crash(world);
      left -= 1;
    }
    await run();
  }
  // The schedule's hours, a tenth more by chance, and what the test came late.
  expect(passedHours).toBeLessThan(totalHours * 1.25);
  const rows = await allRows();
  expect(rows).toHaveLength(endpoints * eventsEach);
  const timesSent = Map.groupBy(world.calls, ({ id }) => id);
  for (const { attempts, id, index, interrupted, state } of rows) {
    const times = timesSent.get(id)?.length ?? 0;
    expect(state).toBe(kindOf(index) === "dead" ? "parked" : "delivered");
    // Each attempt that was begun was made, but for those that a crash has cut off.
    expect(times).toBeLessThanOrEqual(attempts);
    expect(times).toBeGreaterThanOrEqual(attempts - interrupted);
  }
  const unexplained = rows.filter(
    ({ id, index, interrupted: cut }) =>
      kindOf(index) === "healthy" && (timesSent.get(id)?.length ?? 0) > 1 + cut,
  );
  expect(unexplained).toEqual([]);
  const interrupted = rows.filter((row) => row.interrupted > 0).length;
  expect(interrupted).toBeGreaterThan(0);
  const twice = rows.filter(
    ({ id, index }) => kindOf(index) !== "dead" && (timesSent.get(id)?.length ?? 0) > 1,
  );
  console.log(
    `${Math.round(passedHours)} hours; healthy receivers, from due to sent: p99 ${Math.round(p99(firstRoundsMs))} ms; ` +
      `${world.calls.length} requests, ${interrupted} deliveries interrupted, ` +
      `${twice.length} of those that succeed sent more than once`,
  );
}, 240_000);
