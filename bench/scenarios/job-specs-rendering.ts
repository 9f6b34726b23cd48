import type { PutOperation } from "../../src/changes/change-set.ts";
import type { Ctx } from "../../src/context.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { commit, put } from "../../test/helpers/change-sets.ts";
import {
  putAssessment,
  putAttestation,
  putComponent,
  putControl,
  renderOutstanding,
} from "../../test/helpers/job-specs.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Bench } from "../bench.ts";
import { median } from "../measure/statistics.ts";
import { formatCount, formatNumber, formatSpread } from "../report.ts";

const sizes = [1_000, 10_000] as const;
/** Attestations of one component: what a change of it touches. */
const shared = 100;
const changesPerRound = 10;

interface Graph {
  readonly attestations: number;
  readonly firstMs: number;
  /** Of every change that was measured: how long until all was rendered, by what it touches. */
  readonly timesMs: Map<number, number[]>;
}

/** A control for each component, of which every hundred attestations share one beside their own. */
const graphOf = (attestations: number): readonly PutOperation[] => {
  const groups = Array.from({ length: attestations / shared }, (_, index) => `group-${index}`);
  const own = Array.from({ length: attestations }, (_, index) => `part-${index}`);
  return [
    ...[...groups, ...own].flatMap((name) => [
      putControl(`control-of-${name}`),
      putComponent(name, [`control-of-${name}`]),
    ]),
    putAssessment("everything", []),
    ...own.map((name, index) =>
      putAttestation(`attest-${name}`, {
        assessment: "everything",
        components: [name, groups[Math.floor(index / shared)] ?? ""],
      }),
    ),
    put("unrelated", 0),
  ];
};

/** The change that touches so many job specs, another one each time. */
const changeOf = (touched: number, turn: number): PutOperation => {
  if (touched === 0) return put("unrelated", turn);
  const name = touched === 1 ? `part-${turn % shared}` : `group-${turn % 10}`;
  return putControl(`control-of-${name}`, { title: `changed ${turn}` });
};

const timeOf = async (sql: Sql): Promise<number> => {
  const startedMs = performance.now();
  await renderOutstanding(sql);
  return performance.now() - startedMs;
};

const build = async (ctx: Ctx, sql: Sql, attestations: number): Promise<Graph> => {
  const operations = graphOf(attestations);
  for (let start = 0; start < operations.length; start += 5_000) {
    await commit(ctx, ...operations.slice(start, start + 5_000));
  }
  const firstMs = await timeOf(sql);
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from fairlead.job_specs where version > 0`;
  if (row?.count !== attestations) throw new Error(`rendered ${row?.count} of ${attestations}`);
  await sql`vacuum analyze`;
  return { attestations, firstMs, timesMs: new Map() };
};

/** First renderings, and renderings after one change, of graphs of two sizes that take turns. */
export const measureRendering = async (bench: Bench, openSql: () => Promise<Sql>) => {
  const graphs: { readonly ctx: Ctx; readonly sql: Sql; readonly graph: Graph }[] = [];
  for (const size of sizes) {
    const sql = await openSql();
    const ctx = createTestContext(sql);
    graphs.push({ ctx, sql, graph: await build(ctx, sql, size) });
  }
  const touchedCounts = [0, 1, shared] as const;
  for (let turn = 1; turn <= bench.options.rounds * changesPerRound; turn += 1) {
    for (const touched of touchedCounts) {
      for (const { ctx, graph, sql } of graphs) {
        await commit(ctx, changeOf(touched, turn));
        const elapsedMs = await timeOf(sql);
        graph.timesMs.set(touched, [...(graph.timesMs.get(touched) ?? []), elapsedMs]);
      }
    }
  }
  return reportOf(
    graphs.map(({ graph }) => graph),
    touchedCounts,
  );
};

const reportOf = (graphs: readonly Graph[], touchedCounts: readonly number[]) => {
  const [small, large] = graphs;
  if (small === undefined || large === undefined) throw new Error("there are two graphs");
  const ratios: Record<string, number> = {};
  const rows = touchedCounts.map((touched) => {
    const [less = [], more = []] = [small.timesMs.get(touched), large.timesMs.get(touched)];
    const against = more.map((timeMs, turn) => timeMs / (less[turn] ?? Number.NaN));
    ratios[`job-specs/rendering/${touched}/smaller`] = median(against);
    return [
      String(touched),
      formatNumber(median(less)),
      formatNumber(median(more)),
      formatSpread(against),
    ];
  });
  rows.push([
    "all, for the first time",
    formatNumber(small.firstMs),
    formatNumber(large.firstMs),
    formatNumber(large.firstMs / small.firstMs),
  ]);
  const [less, more] = graphs.map(({ attestations }) => formatCount(attestations));
  return {
    ratios,
    table: {
      caption: "Rendering after one change, in ms, by how many job specs it touches",
      columns: ["touched", `of ${less}`, `of ${more}`, "÷: min / median / max"],
      rows,
    },
  };
};
