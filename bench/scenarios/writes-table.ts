import type { Measurement, Variant } from "../load/job.ts";
import type { MeterReading } from "../measure/meter.ts";
import { median } from "../measure/statistics.ts";
import type { SystemId } from "../options.ts";
import { formatCount, formatNumber, formatSpread, type Report, type Table } from "../report.ts";

/** One system's turn in one round. */
export interface Turn {
  readonly system: SystemId;
  readonly measurement: Measurement;
  readonly reading: MeterReading;
}

/** All rounds at one number of clients. */
export interface Block {
  readonly variant: Variant;
  readonly clients: number;
  readonly turns: readonly Turn[];
}

const names: Record<SystemId, string> = {
  fairlead: "Fairlead, HTTP",
  "etcd-gateway": "etcd, HTTP gateway",
  "etcd-grpc": "etcd, gRPC, a connection per client",
  "etcd-grpc-shared": "etcd, gRPC, one connection",
};

const rate = ({ measurement }: Turn) => (measurement.requests / measurement.elapsedMs) * 1_000;

/** The parts that work for a system. Their CPU time per request moves less with the machine's load than the rate. */
const serverParts: Record<SystemId, readonly string[]> = {
  fairlead: ["Fairlead", "PostgreSQL"],
  "etcd-gateway": ["etcd"],
  "etcd-grpc": ["etcd"],
  "etcd-grpc-shared": ["etcd"],
};

const serverMicroseconds = (turn: Turn): number => {
  const cores = serverParts[turn.system].map((part) => turn.reading.cores[part] ?? 0);
  return (cores.reduce((sum, each) => sum + each, 0) * 1_000_000) / rate(turn);
};

const bySystem = (block: Block) => Map.groupBy(block.turns, (turn) => turn.system);

/** Fairlead's rate against a peer's, round by round. */
const ratiosOf = (ours: readonly Turn[], theirs: readonly Turn[]): number[] =>
  ours.flatMap((turn, round) => {
    const other = theirs[round];
    return other === undefined ? [] : [rate(turn) / rate(other)];
  });

/** One table for each variant, and the ratios to keep. `parts` are the readings' parts, in the order of their columns. */
export function writesTable(
  blocks: readonly Block[],
  parts: readonly string[],
): Pick<Report, "tables" | "ratios"> {
  const variants = Map.groupBy(blocks, (block) => block.variant);
  return {
    tables: [...variants].map(([variant, own]) => variantTable(variant, own, parts)),
    ratios: Object.fromEntries(blocks.flatMap(ratioEntries)),
  };
}

function ratioEntries(block: Block): [string, number][] {
  const systems = bySystem(block);
  const ours = systems.get("fairlead") ?? [];
  return [...systems]
    .filter(([system]) => system !== "fairlead" && ours.length > 0)
    .map(([system, theirs]) => [
      `writes/${block.variant}/${block.clients}/${system}`,
      median(ratiosOf(ours, theirs)),
    ]);
}

const captions: Record<Variant, string> = {
  update: "Writes to keys that exist, each client its own",
  create: "Writes to new keys",
};

function variantTable(variant: Variant, blocks: readonly Block[], parts: readonly string[]): Table {
  const sizes = new Map(
    blocks
      .flatMap((block) => block.turns)
      .map((turn) => [turn.system, turn.measurement.requestBytes]),
  );
  const sizeList = [...sizes].map(([system, bytes]) => `${names[system]} ${formatCount(bytes)}`);
  return {
    caption: `${captions[variant]}. Bytes of a whole request: ${sizeList.join("; ")}.`,
    columns: [
      "system",
      "clients",
      "requests/s",
      "p50 ms",
      "p99 ms",
      "Fairlead ÷ it: min / median / max",
      "server CPU, µs a request",
      ...parts.map((part) => `cores: ${part}`),
      "cores: elsewhere",
      "disk flushes/s",
    ],
    rows: blocks.flatMap((block) => blockRows(block, parts)),
  };
}

function blockRows(block: Block, parts: readonly string[]): string[][] {
  const systems = bySystem(block);
  const ours = systems.get("fairlead") ?? [];
  return [...systems].map(([system, turns]) => {
    const across = (read: (turn: Turn) => number) => median(turns.map(read));
    return [
      names[system],
      String(block.clients),
      formatCount(across(rate)),
      formatNumber(across(({ measurement }) => measurement.p50Ms)),
      formatNumber(across(({ measurement }) => measurement.p99Ms)),
      system === "fairlead" || ours.length === 0 ? "" : formatSpread(ratiosOf(ours, turns)),
      formatNumber(across(serverMicroseconds)),
    ].concat(
      parts.map((part) => across(({ reading }) => reading.cores[part] ?? 0).toFixed(2)),
      across(({ reading }) => reading.elsewhere).toFixed(2),
      formatCount(across(({ reading }) => reading.flushesPerSecond ?? Number.NaN)),
    );
  });
}
