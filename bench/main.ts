/** `npm run bench -- [options] [scenario …]`: see bench/README.md. */
import { formatDrift, readBaseline, saveBaseline } from "./baseline.ts";
import { openBench, type Scenario } from "./bench.ts";
import { describeMachine, describeVersions } from "./measure/machine.ts";
import { startMeter } from "./measure/meter.ts";
import { treeCpuSeconds } from "./measure/processes.ts";
import { type Options, optionsHelp, parseOptions } from "./options.ts";
import { formatTable, type Report } from "./report.ts";
import { access } from "./scenarios/access.ts";
import { edge } from "./scenarios/edge.ts";
import { generator } from "./scenarios/generator.ts";
import { jobSpecs } from "./scenarios/job-specs.ts";
import { large } from "./scenarios/large.ts";
import { layers } from "./scenarios/layers.ts";
import { reach } from "./scenarios/reach.ts";
import { reads } from "./scenarios/reads.ts";
import { resolve } from "./scenarios/resolve.ts";
import { start } from "./scenarios/start.ts";
import { streams } from "./scenarios/streams.ts";
import { webhooks } from "./scenarios/webhooks.ts";
import { writes } from "./scenarios/writes.ts";

const scenarios: Readonly<Record<string, { run: Scenario; summary: string }>> = {
  writes: { run: writes, summary: "change sets of one operation beside etcd puts" },
  large: { run: large, summary: "one change set of 10,000 operations beside etcd transactions" },
  resolve: { run: resolve, summary: "resolution in process beside a bare merge" },
  access: { run: access, summary: "decisions and API keys in process beside a bare look-up" },
  reads: { run: reads, summary: "authenticated reads beside constant answers, etcd and Unleash" },
  layers: {
    run: layers,
    summary: "one change of 50,000 keys to a shared cache: deltas, chunks, whole",
  },
  streams: { run: streams, summary: "from a commit to event streams, and to thousands of them" },
  reach: { run: reach, summary: "a global change with 1 to 1,000 apps, to readers and to Redis" },
  start: { run: start, summary: "a start over 300,000 entries: time and memory" },
  edge: {
    run: edge,
    summary: "the Worker under workerd: reads, commits to its clients, its start",
  },
  "job-specs": { run: jobSpecs, summary: "claims of job specs beside pg-boss's fetch" },
  webhooks: {
    run: webhooks,
    summary: "deliveries beside bare requests, and from a commit to them",
  },
  generator: { run: generator, summary: "what the load generator itself can reach" },
};

const help = () =>
  [
    "Usage: npm run bench -- [options] [scenario …]",
    "",
    "Scenarios (all, where none is named):",
    ...Object.entries(scenarios).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
    "",
    optionsHelp,
  ].join("\n");

/** Runs one scenario with servers of its own, and prints what it found. */
async function runScenario(options: Options, name: string): Promise<Report["ratios"]> {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`there is no scenario "${name}"; try --help`);
  const bench = openBench(options);
  const stop = () => {
    void bench.close().finally(() => process.exit(130));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const machine = describeMachine(bench.directory);
    const stopMeter = startMeter({ bench: () => treeCpuSeconds(process.pid) }, undefined);
    const report = await scenario.run(bench);
    const others = `other work took ${stopMeter().elsewhere.toFixed(2)} cores meanwhile, on average`;
    const all = [...machine, describeVersions(report.versions), others];
    const facts = all.map((fact) => `- ${fact}`);
    console.log(`### ${name}\n\n${facts.join("\n")}\n`);
    for (const table of report.tables) console.log(formatTable(table));
    return report.ratios;
  } finally {
    await bench.close();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help());
    return;
  }
  const names = options.scenarios.length > 0 ? options.scenarios : Object.keys(scenarios);
  const measured: Record<string, number> = {};
  for (const name of names) Object.assign(measured, await runScenario(options, name));
  const drift = formatDrift(readBaseline(), measured);
  if (drift !== "") console.log(drift);
  if (options.save) saveBaseline(measured);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
