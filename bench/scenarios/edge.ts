import type { Bench } from "../bench.ts";
import { pinBench } from "../measure/pin.ts";
import { untilAnswered, workerdVersion } from "../peers/workerd.ts";
import type { Report } from "../report.ts";
import { type EdgeDeployment, prepareEdge, untilPublished } from "./edge-deployment.ts";
import { measureReach } from "./edge-reach.ts";
import { measureStart } from "./edge-start.ts";
import { bundleTable, type EdgeStart, reachTable, startTable } from "./edge-table.ts";
import { takeTurns } from "./reads.ts";
import { constants, fairleadReads } from "./reads-contenders.ts";
import { type ReadTurns, readsTable } from "./reads-table.ts";

const startsPerRound = 5;

/** The Worker of wrangler.toml on workerd beside a constant answer there, and from commits at its origin to its clients. */
export async function edge(bench: Bench): Promise<Report> {
  pinBench(bench);
  const deployment = await prepareEdge(bench);
  const reads = readsTable(await measureReads(bench, deployment), "edge");
  const found: EdgeStart[] = [];
  for (let start = 0; start < startsPerRound * bench.options.rounds; start++) {
    found.push(await measureStart(deployment));
  }
  const starts = startTable(found);
  const reach = reachTable(await measureReach(bench, deployment));
  return {
    tables: [reads.table, reach, starts.table, bundleTable(deployment.bundles)],
    ratios: { ...reads.ratios, ...starts.ratios },
    versions: { workerd: workerdVersion(), PostgreSQL: deployment.origin.postgresVersion },
  };
}

async function measureReads(bench: Bench, deployment: EdgeDeployment): Promise<ReadTurns[]> {
  const { apiKey, constant, edge: place } = deployment;
  const onWorkerd = place.start();
  const ceiling = constant.start();
  await untilAnswered(ceiling, { port: constant.port, path: "/constant", status: 200 });
  await untilPublished(onWorkerd, deployment);
  const contenders = [
    ...constants("workerd", constant.port),
    ...(await fairleadReads("workerd", { apiKey, port: place.port })),
  ];
  const generator = bench.startGenerator();
  const all: ReadTurns[] = [];
  for (const clients of bench.options.clients) {
    all.push(await takeTurns(bench, generator, contenders, clients));
  }
  await generator.stop();
  await onWorkerd.stop();
  await ceiling.stop();
  return all;
}
