import { median } from "../measure/statistics.ts";
import type { BareSelect } from "../peers/bare-select.ts";
import { formatCount, formatNumber, formatSpread, type Table } from "../report.ts";

interface Held {
  readonly layers: number;
  /** As the process counts them itself. */
  readonly layerBytes: number;
}

interface ColdStart extends Held {
  readonly readyMs: number;
  readonly readyBytes: number;
  /** Of each read of a layer that was not in memory, the very first one first. */
  readonly firstMs: readonly number[];
  /** All that was left, some at a time. */
  readonly restMs: number;
  /** With all layers in memory. */
  readonly allBytes: number;
}

interface WarmStart extends Held {
  readonly readyMs: number;
  readonly readyBytes: number;
}

/** One start of each kind, and the bare process beside them. */
export interface StartRound {
  readonly bare: BareSelect;
  readonly cold: ColdStart;
  readonly warm: WarmStart;
}

interface Row {
  readonly name: string;
  readonly of: (round: StartRound) => number;
  /** Under which name it is kept, and what it is held against. */
  readonly ratio?: string;
  readonly beside?: (round: StartRound) => number;
}

const connected = ({ bare }: StartRound): number => bare.connectedMs;
const selected = ({ bare }: StartRound): number => bare.selectedMs;
const bareBytes = ({ bare }: StartRound): number => bare.residentBytes;

const times: readonly Row[] = [
  { name: "bare process: first query answered", of: connected },
  { name: "bare process: all rows selected", of: selected },
  {
    name: "start with nothing known: ready",
    of: ({ cold }) => cold.readyMs,
    ratio: "ready",
    beside: connected,
  },
  { name: "the very first read of a layer not in memory", of: ({ cold }) => cold.firstMs[0] ?? 0 },
  { name: "the next such reads, median", of: ({ cold }) => median(cold.firstMs.slice(1)) },
  { name: "all other layers read, 8 requests at a time", of: ({ cold }) => cold.restMs },
  {
    name: "ready and all layers read",
    of: ({ cold }) => cold.readyMs + cold.firstMs.reduce((sum, ms) => sum + ms, cold.restMs),
    ratio: "all",
    beside: selected,
  },
  {
    name: "start again, with the layers used last: ready",
    of: ({ warm }) => warm.readyMs,
    ratio: "again",
    beside: connected,
  },
];

const mebibytes = (bytes: number): number => bytes / 1024 ** 2;

const memory: readonly Row[] = [
  { name: "bare process with all rows", of: bareBytes },
  { name: "ready, with nothing known", of: ({ cold }) => cold.readyBytes },
  {
    name: "all layers read once",
    of: ({ cold }) => cold.allBytes,
    ratio: "memory",
    beside: bareBytes,
  },
  { name: "ready again, with the layers used last", of: ({ warm }) => warm.readyBytes },
];

const held = (one: Held | undefined): string =>
  `${formatCount(one?.layers ?? 0)} layers, ${formatCount(mebibytes(one?.layerBytes ?? 0))} MiB by its own count`;

export function startTables(rounds: readonly StartRound[]) {
  const ratios: Record<string, number> = {};
  const cells = ({ beside, of, ratio }: Row, unit: (value: number) => number): string[] => {
    const values = rounds.map((round) => unit(of(round)));
    if (ratio === undefined || beside === undefined) return [formatSpread(values), ""];
    const against = median(rounds.map((round) => of(round) / beside(round)));
    ratios[`start/${ratio}`] = against;
    return [formatSpread(values), formatNumber(against)];
  };
  const { bare, cold, warm } = rounds.at(-1) ?? {};
  const tables: Table[] = [
    {
      caption: `An API process starts over ${formatCount(bare?.rows ?? 0)} entries: ms`,
      columns: ["what", "min / median / max", "of the bare process"],
      rows: times.map((row) => [row.name, ...cells(row, (ms) => ms)]),
    },
    {
      caption: `Resident memory, MiB; in the end it held ${held(cold)}; started again, ${held(warm)}`,
      columns: ["when", "min / median / max", "of the bare process"],
      rows: memory.map((row) => [row.name, ...cells(row, mebibytes)]),
    },
  ];
  return { ratios, tables };
}
