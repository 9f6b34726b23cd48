import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { addJobSpecs } from "../../../test/helpers/job-spec-rows.ts";
import { createTestContext, withIdempotency } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { connectSql, isUnavailable, type Sql } from "../../platform/sql.ts";
import { acceptResult } from "./accept-result.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";

const lock = 4_712;
const name = "to-be-lost";
const specCount = 120;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
/** Whose backends are terminated. */
let lost: Sql;
let ctx: Ctx;
/** Holds statements up in their middle. */
let holder: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  lost = connectSql(database.url, { max: 4, name });
  holder = connectSql(database.url, { max: 1, name: "holder" });
  ctx = createTestContext(lost);
  await holder`
    create function hold() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(4712);
      return null;
    end $$`;
});

afterAll(async () => {
  await Promise.all([lost, holder].map((sql) => sql.end({ timeout: 1 })));
  await database.drop();
});

beforeEach(async () => {
  await database.sql`
    truncate fairlead.job_specs, fairlead.job_spec_leases, fairlead.runtimes,
      fairlead.job_spec_results, fairlead.idempotency_keys`;
});

const claim = (runtime: string, as = ctx) =>
  claimJobSpecs(as, { runtime, limit: 5, leaseSeconds: 60 });

const waiting = () => database.sql`
  select pid from pg_stat_activity where application_name = ${name} and wait_event_type = 'Lock'`;

/** Terminates the backend of what is begun, once it has written a row of a table. */
const terminateAfterWriting = async (table: string, begin: () => Promise<unknown>) => {
  await holder.unsafe(`create or replace trigger hold after insert or update on fairlead.${table}
    for each row execute function hold()`);
  await holder`select pg_advisory_lock(${lock})`;
  const answer = Promise.allSettled([begin()]);
  while ((await waiting()).length === 0);
  await database.sql`
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where application_name = ${name} and wait_event_type = 'Lock'`;
  await holder`select pg_advisory_unlock(${lock})`;
  await holder.unsafe(`drop trigger hold on fairlead.${table}`);
  const [outcome] = await answer;
  return outcome?.status === "rejected" && isUnavailable(outcome.reason);
};

const traces = async () => {
  const [row] = await database.sql`
    select
      (select count(*)::int from fairlead.runtimes) as runtimes,
      (select count(*)::int from fairlead.job_spec_leases where fence > 0) as leases,
      (select count(*)::int from fairlead.job_spec_results) as results,
      (select sum(run_count)::int from fairlead.job_spec_leases) as runs,
      (select count(*)::int from fairlead.idempotency_keys) as records`;
  return row;
};

const add = (count: number) =>
  addJobSpecs(
    database.sql,
    Array.from({ length: count }, (_, index) => ({ attestation: `a.${index}` })),
  );

describe("a backend that is terminated", () => {
  it.each([
    ["without", () => ctx],
    ["with", () => withIdempotency(ctx, "lost")],
  ])("in the middle of a claim %s an Idempotency-Key leaves nothing of it", async (_, caller) => {
    await add(8);
    const begin = () => claim("one", caller());
    expect(await terminateAfterWriting("job_spec_leases", begin)).toBe(true);
    expect(await traces()).toEqual({ runtimes: 0, leases: 0, results: 0, runs: 0, records: 0 });
    expect((await claim("one", caller())).jobSpecs.map(({ fence }) => fence)).toEqual([
      1, 1, 1, 1, 1,
    ]);
  });

  it.each([
    ["without", () => ctx],
    ["with", () => withIdempotency(ctx, "lost")],
  ])("in the middle of a result %s an Idempotency-Key leaves nothing of it", async (_, caller) => {
    await add(1);
    const { jobSpecs } = await claim("one");
    const { fence, id, version } = jobSpecs[0]!;
    const report = () =>
      acceptResult(caller(), { runtime: "one", jobSpecId: id, version, fence, status: "passed" });
    expect(await terminateAfterWriting("job_spec_results", report)).toBe(true);
    expect(await traces()).toMatchObject({ results: 0, runs: 0, records: 0 });
    expect(await report()).toMatchObject({ run: 1 });
  });

  it("now and then keeps nobody from doing all there is to do, each once", async () => {
    await add(specCount);
    const done = async (): Promise<number> => {
      const [row] = await database.sql<{ count: number }[]>`
        select count(*)::int as count from fairlead.job_spec_leases where due_at is null`;
      return row?.count ?? 0;
    };
    let failures = 0;
    let hasEnded = false;
    const work = async (runtime: string): Promise<void> => {
      while (!hasEnded) {
        try {
          const { jobSpecs } = await claim(runtime);
          for (const { fence, id, version } of jobSpecs) {
            await acceptResult(ctx, { runtime, jobSpecId: id, version, fence, status: "passed" });
          }
        } catch (error) {
          if (!isUnavailable(error)) throw error;
          failures += 1;
          // What it got or did is not known to it, so its leases run out.
          await database.sql`
            update fairlead.job_spec_leases set lease_expires_at = statement_timestamp()
            where runtime = ${runtime}`;
        }
      }
    };
    const workers = ["one", "two", "three", "four"].map(work);
    while (failures < 10 || (await done()) < specCount) {
      await database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = ${name} and state = 'active' limit 1`;
    }
    hasEnded = true;
    await Promise.all(workers);
    expect(await traces()).toMatchObject({ results: specCount, runs: specCount });
  }, 60_000);
});
