import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { startStreamProcess } from "../../test/helpers/streams/stream-process.ts";
import { permissionsOf } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { createPrometheus } from "../entry/prometheus.ts";
import { registerConsumers } from "../outbox/register-consumers.ts";
import type { Sql } from "../platform/sql.ts";
import { readMetrics } from "./read-metrics.ts";

type Process = Awaited<ReturnType<typeof startStreamProcess>>;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let running: Process;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  running = await startStreamProcess(database.sql);
  ctx = { ...running.ctx, metrics: createPrometheus() };
});

afterAll(() => database.drop());

/** Numbers by what they are called, labels included. */
const shown = async (of: Ctx): Promise<ReadonlyMap<string, number>> => {
  const lines = (await readMetrics(of)).split("\n").filter((line) => line.startsWith("fairlead_"));
  return new Map(
    lines.map((line): [string, number] => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
};

describe("what a process shows of itself", () => {
  it("tells of requests by operation and status", async () => {
    ctx.metrics.observeRequest("readConfig", 200, 0.000_07);
    ctx.metrics.observeRequest("readConfig", 200, 3);
    ctx.metrics.observeRequest("readConfig", 304, 0.01);
    const figures = await shown(ctx);
    const of = (part: string, labels: string) =>
      figures.get(`fairlead_http_request_seconds_${part}{${labels}}`);
    const read = 'operation="readConfig",status="200"';
    expect(of("count", read)).toBe(2);
    expect(of("sum", read)).toBeCloseTo(3.000_07, 9);
    expect(of("bucket", `le="0.0001",${read}`)).toBe(1);
    expect(of("count", 'operation="readConfig",status="304"')).toBe(1);
  });

  it("tells of reads, those that waited for a layer, and stale ones", async () => {
    const position = { kind: "config", app: "", environment: "" };
    const before = await shown(ctx);
    await ctx.layers?.open(ctx.sql, position, () => {});
    ctx.layers?.countRead(60_000);
    ctx.layers?.countRead(-1);
    const after = await shown(ctx);
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown("fairlead_memory_reads_total")).toBe(2);
    expect(grown("fairlead_memory_misses_total")).toBe(1);
    expect(grown("fairlead_stale_reads_total")).toBe(1);
    expect(after.get("fairlead_layers")).toBe(1);
  });

  it("tells of streams that are open", async () => {
    const outlet = running.open();
    expect((await shown(ctx)).get("fairlead_streams")).toBe(1);
    outlet.destroy();
    expect((await shown(ctx)).get("fairlead_streams")).toBe(0);
    expect((await shown(ctx)).get("fairlead_runtime_streams")).toBe(0);
  });

  it("tells how far each consumer is behind, and what it has parked", async () => {
    const { sql } = database;
    await registerConsumers(sql, [{ name: "slow", kind: "state" }]);
    await commit(ctx, put("a", 1));
    await commit(ctx, put("a", 2));
    await sql`update fairlead.consumers set attempts = 3 where name = 'slow'`;
    await sql`
      insert into fairlead.parked_events
        (consumer, revision, committed_at, changes, events, attempts, last_error, parked_at)
      values ('slow', 1, now(), '[]', '[]', 5, 'refused', now())`;
    const figures = await shown(ctx);
    const of = (name: string) => figures.get(`fairlead_consumer_${name}{consumer="slow"}`);
    const revision = ctx.layers?.memory.point().revision;
    expect(of("lag_revisions")).toBe(revision);
    expect(of("lag_seconds")).toBeGreaterThan(0);
    expect([of("parked"), of("failures"), of("held")]).toEqual([1, 3, 0]);
    expect(figures.get("fairlead_consumers_known")).toBe(1);
    expect(figures.get("fairlead_revision")).toBe(revision);
  });

  it("tells of job specs by state, of those that cannot be rendered, and of the longest wait", async () => {
    const insert = (due: string, lease: string | null) => database.sql`
      insert into fairlead.job_spec_leases
        (job_spec_id, version, labels, size_bytes, due_at, runtime, lease_expires_at, fence)
      values (
        gen_random_uuid(), 1, '{}', 0, clock_timestamp() + ${due}::text::interval,
        ${lease === null ? null : "r1"}, clock_timestamp() + ${lease}::text::interval, 1
      )`;
    await insert("-1 hour", null);
    // A lease that has expired keeps nobody from it.
    await insert("-2 hours", "-1 minute");
    await insert("-3 hours", "1 hour");
    await insert("1 hour", null);
    await database.sql`
      insert into fairlead.job_specs
        (id, attestation, version, rendered_epoch, rendered_revision, error, error_path, error_at)
      values (gen_random_uuid(), 'a', 0, 'e', 1, 'no', '', now())`;
    const figures = await shown(ctx);
    const of = (state: string) => figures.get(`fairlead_job_specs{state="${state}"}`);
    expect([of("free"), of("leased"), of("done")]).toEqual([2, 1, 1]);
    expect(figures.get("fairlead_job_specs_failed")).toBe(1);
    expect(figures.get("fairlead_job_specs_wait_seconds")).toBeCloseTo(7_200, -2);
  });

  it("tells the rest while PostgreSQL is away, and shows no consumer as it was", async () => {
    const failing = (() => Promise.reject(new Error("away"))) as unknown as Sql;
    const figures = await shown({ ...ctx, sql: failing });
    expect(figures.get("fairlead_consumers_known")).toBe(0);
    expect([...figures.keys()].filter((name) => name.startsWith("fairlead_consumer_"))).toEqual([]);
    expect(figures.get("fairlead_revision")).toBe(ctx.layers?.memory.point().revision);
  });

  it("is for who may see it", async () => {
    const permissions = permissionsOf([{ role: "editor", effect: "allow" }]);
    await expect(readMetrics({ ...ctx, permissions })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
