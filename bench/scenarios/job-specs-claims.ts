import { PgBoss } from "pg-boss";
import type { Ctx } from "../../src/context.ts";
import { claimJobSpecs } from "../../src/job-specs/leases/claim-job-specs.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { addJobSpecs } from "../../test/helpers/job-spec-rows.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Bench } from "../bench.ts";
import { median, percentile } from "../measure/statistics.ts";
import { formatCount, formatNumber, formatSpread } from "../report.ts";

const batchSize = 10;
const jobs = 30_000;
/** A runtime may hold a thousand, so it takes another name after as many. */
const claimsPerName = 100;
const queue = "bench";

/** What there is to run: of the size of a small job spec. */
const content = { command: "check", arguments: { region: "eu-central-1", note: "x".repeat(300) } };

interface Contender {
  readonly name: string;
  /** Puts as many jobs there as there are, and nothing else. */
  fill(): Promise<void>;
  /** The ids of one batch; `client` takes its `turn`-th. */
  take(client: number, turn: number): Promise<readonly string[]>;
}

interface Turn {
  readonly perSecond: number;
  readonly timesMs: readonly number[];
}

const fairlead = (ctx: Ctx, name: string, isAnalyzed: boolean): Contender => ({
  name,
  async fill() {
    const { sql } = ctx;
    await sql`truncate fairlead.job_specs, fairlead.job_spec_leases, fairlead.runtimes`;
    for (let start = 0; start < jobs; start += 10_000) {
      const some = Array.from({ length: 10_000 }, (_, index) => ({
        attestation: `attestation.${start + index}`,
        spec: content,
        dueForSeconds: (jobs - start - index) / 1_000,
      }));
      await addJobSpecs(sql, some);
    }
    if (isAnalyzed) await sql`vacuum analyze fairlead.job_specs, fairlead.job_spec_leases`;
    await sql`checkpoint`;
  },
  async take(client, turn) {
    const runtime = `runtime-${client}-${Math.floor(turn / claimsPerName)}`;
    const asked = { runtime, limit: batchSize, leaseSeconds: 600 };
    const { jobSpecs } = await claimJobSpecs(ctx, asked);
    return jobSpecs.map(({ id }) => id);
  },
});

const pgBoss = (boss: PgBoss, sql: Sql): Contender => ({
  name: "pg-boss",
  async fill() {
    await boss.deleteAllJobs(queue);
    await sql`vacuum full pgboss.job_common`;
    for (let start = 0; start < jobs; start += 10_000) {
      await boss.insert(
        queue,
        Array.from({ length: 10_000 }, () => ({ data: content, expireInSeconds: 600 })),
      );
    }
    await sql`vacuum analyze pgboss.job_common`;
    await sql`checkpoint`;
  },
  async take() {
    const taken = await boss.fetch(queue, { batchSize });
    return taken.map(({ id }) => id);
  },
});

/** As many claims as there are for full batches, by so many clients at a time. */
const measure = async (contender: Contender, clients: number): Promise<Turn> => {
  const { name } = contender;
  await contender.fill();
  const timesMs: number[] = [];
  const taken = new Set<string>();
  const wanted = jobs / batchSize - clients;
  let begun = 0;
  const run = async (client: number): Promise<void> => {
    for (let turn = 0; begun < wanted; turn += 1) {
      begun += 1;
      const startedMs = performance.now();
      const ids = await contender.take(client, turn);
      timesMs.push(performance.now() - startedMs);
      if (ids.length !== batchSize) throw new Error(`${name}: a batch has ${ids.length}`);
      for (const id of ids) taken.add(id);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: clients }, (_, client) => run(client)));
  const elapsedMs = performance.now() - startedMs;
  if (taken.size !== wanted * batchSize) throw new Error(`${name}: a job was taken twice`);
  return { perSecond: (timesMs.length * 1_000) / elapsedMs, timesMs };
};

const openContenders = async (bench: Bench, sql: Sql, url: string): Promise<Contender[]> => {
  const boss = new PgBoss({ connectionString: url, max: Math.max(...bench.options.clients) });
  boss.on("error", (error) => console.error(error));
  bench.onClose(() => boss.stop({ graceful: false }));
  await boss.start();
  await boss.createQueue(queue, { retryLimit: 2 });
  const ctx = createTestContext(sql);
  return [
    fairlead(ctx, "Fairlead", true),
    pgBoss(boss, sql),
    fairlead(ctx, "Fairlead, tables filled without ANALYZE", false),
  ];
};

/** Claims of ten by 1, 8 and 32 runtimes, beside pg-boss's fetch of ten; all take turns. */
export const measureClaims = async (bench: Bench, sql: Sql, url: string) => {
  const contenders = await openContenders(bench, sql, url);
  const rows: string[][] = [];
  const ratios: Record<string, number> = {};
  for (const contender of contenders) await measure(contender, 4);
  for (const clients of bench.options.clients) {
    const turns = new Map(contenders.map(({ name }): [string, Turn[]] => [name, []]));
    for (let round = 0; round < bench.options.rounds; round += 1) {
      for (const each of contenders) turns.get(each.name)?.push(await measure(each, clients));
    }
    const theirs = turns.get("pg-boss") ?? [];
    for (const [name, own] of turns) {
      const against = own.map(
        ({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? Number.NaN),
      );
      if (name === "Fairlead") ratios[`job-specs/claims/${clients}/pg-boss`] = median(against);
      rows.push(rowOf(name, clients, own, name === "pg-boss" ? [] : against));
    }
  }
  return { table: tableOf(rows), ratios };
};

const rowOf = (
  name: string,
  clients: number,
  turns: readonly Turn[],
  against: readonly number[],
): string[] => {
  const sorted = Float64Array.from(turns.flatMap(({ timesMs }) => timesMs)).toSorted();
  return [
    name,
    String(clients),
    formatCount(median(turns.map(({ perSecond }) => perSecond))),
    formatNumber(percentile(sorted, 0.5)),
    formatNumber(percentile(sorted, 0.99)),
    against.length === 0 ? "" : formatSpread(against),
  ];
};

const tableOf = (rows: readonly string[][]) => ({
  caption: `Claims of ${batchSize}, of ${formatCount(jobs)} free ones, until all are taken`,
  columns: ["what", "runtimes", "claims/s", "p50 ms", "p99 ms", "÷ pg-boss: min / median / max"],
  rows,
});
