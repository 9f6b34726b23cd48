import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { pinBench } from "../measure/pin.ts";
import type { Report } from "../report.ts";
import { measureCost, measureTimes } from "./reach-changes.ts";
import { type Deployment, startDeployment } from "./reach-deployment.ts";
import { type ReachRound, reachTables } from "./reach-table.ts";

const appCounts = [1, 10, 100, 1_000];
const pauseMs = 500;

/** A change of the global layer, with more and more apps that inherit it: until readers and the shared cache have it. */
export async function reach(bench: Bench): Promise<Report> {
  pinBench(bench);
  const deployments: Deployment[] = [];
  for (const apps of appCounts) deployments.push(await startDeployment(bench, apps));
  const durationMs = bench.options.seconds * 1_000;
  const rounds = new Map(appCounts.map((apps) => [apps, [] as ReachRound[]]));
  for (const deployment of deployments) await measureTimes(deployment, 1_000);
  for (let round = 0; round < bench.options.rounds; round++) {
    for (const deployment of deployments) {
      await sleep(pauseMs);
      const times = await measureTimes(deployment, durationMs);
      await sleep(pauseMs);
      const cost = await measureCost(deployment, durationMs);
      rounds.get(deployment.apps)?.push({ ...times, ...cost });
    }
  }
  const { ratios, tables } = reachTables(rounds);
  const [first] = deployments;
  const versions = {
    PostgreSQL: first?.writer.postgresVersion ?? "",
    Redis: first?.redis.version ?? "",
  };
  return { tables, ratios, versions };
}
