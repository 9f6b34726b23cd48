import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { addJobSpecs } from "../../../test/helpers/job-spec-rows.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { connectSql, type Sql } from "../../platform/sql.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";
import { heartbeat } from "./heartbeat.ts";

const lock = 4_713;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
/** Holds claims up when they have written their leases. */
let holder: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  holder = connectSql(database.url, { max: 1, name: "holder" });
  await holder`
    create function hold() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(4713);
      return null;
    end $$`;
  await holder`
    create trigger hold after update on fairlead.job_spec_leases
    for each statement execute function hold()`;
});

afterAll(async () => {
  await holder.end({ timeout: 1 });
  await database.drop();
});

const waiting = async (): Promise<number> => {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.count ?? 0;
};

it("a heartbeat that comes while its runtime claims lists what was claimed, too", async () => {
  const ctx = createTestContext(database.sql);
  await addJobSpecs(database.sql, [{ attestation: "a.1" }, { attestation: "a.2" }]);
  const claim = () => claimJobSpecs(ctx, { runtime: "one", limit: 1, leaseSeconds: 60 });
  await claim();
  await holder`select pg_advisory_lock(${lock})`;
  const claiming = claim();
  while ((await waiting()) < 1);
  const beating = heartbeat(ctx, { runtime: "one", leaseSeconds: 60 });
  while ((await waiting()) < 2);
  await holder`select pg_advisory_unlock(${lock})`;
  const [{ jobSpecs }, beat] = await Promise.all([claiming, beating]);
  expect(jobSpecs).toHaveLength(1);
  expect(beat.jobSpecs).toHaveLength(2);
});
