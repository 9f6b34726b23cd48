import type { Measurement, Target } from "../load/job.ts";
import { median } from "../measure/statistics.ts";
import { formatCount, formatNumber, type Table } from "../report.ts";

/** What a read is set against: the constant answer of its runtime, and what others make of such a read. */
const besideNames = ["constant", "etcd, gRPC", "etcd, gateway", "Unleash"] as const;

/** One kind of read: what is sent to whom, and the names of those it is set against. */
export interface Contender {
  readonly name: string;
  readonly target: Target;
  readonly beside: Readonly<Partial<Record<(typeof besideNames)[number], string>>>;
}

/** The turns of all contenders at one number of clients, one of each in every round. */
export interface ReadTurns {
  readonly clients: number;
  readonly turns: ReadonlyMap<Contender, readonly Measurement[]>;
}

const perSecond = ({ elapsedMs, requests }: Measurement): number => (requests / elapsedMs) * 1_000;

/** A ratio is the median of those of the rounds, whose turns ran side by side. Of who did not run there is no column. */
export function readsTable(all: readonly ReadTurns[], scenario = "reads") {
  const contenders = all.flatMap(({ turns }) => [...turns.keys()]);
  const ran = new Set(contenders.map(({ name }) => name));
  const besides = besideNames.filter((one) =>
    contenders.some(({ beside }) => ran.has(beside[one] ?? "")),
  );
  const rows: string[][] = [];
  const ratios: Record<string, number> = {};
  for (const { clients, turns } of all) {
    const ratesOf = new Map(
      [...turns].map(([{ name }, found]) => [name, found.map(perSecond)] as const),
    );
    for (const [{ beside, name }, found] of turns) {
      const rates = ratesOf.get(name) ?? [];
      const against = besides.map((one) => {
        const others = ratesOf.get(beside[one] ?? "");
        if (others === undefined) return "";
        const ratio = median(rates.map((rate, round) => rate / (others[round] ?? Number.NaN)));
        ratios[`${scenario}/${name}/${clients}/${one}`] = ratio;
        return ratio.toFixed(2);
      });
      const times = [found.map(({ p50Ms }) => p50Ms), found.map(({ p99Ms }) => p99Ms)];
      const shown = [formatCount(median(rates)), ...times.map(median).map(formatNumber)];
      rows.push([name, String(clients), ...shown, ...against]);
    }
  }
  const caption =
    "Authenticated reads of about 1 KB, and how often Fairlead's is each of the others";
  const columns = ["read", "clients", "requests/s", "p50 ms", "p99 ms"];
  const table: Table = { caption, columns: [...columns, ...besides.map(ofName)], rows };
  return { table, ratios };
}

const ofName = (name: string): string => (name === "constant" ? "of the constant" : `÷ ${name}`);
