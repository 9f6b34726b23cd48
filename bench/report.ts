import { spread } from "./measure/statistics.ts";

/** What a scenario gives back, and how it is printed. */

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Report {
  readonly tables: readonly Table[];
  /** Fairlead against a peer or a ceiling, by a name that stays the same from run to run. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Versions of what was measured. */
  readonly versions: Readonly<Record<string, string>>;
}

export const formatTable = ({ caption, columns, rows }: Table): string =>
  [
    `**${caption}**`,
    "",
    `| ${columns.join(" | ")} |`,
    `|${columns.map((_, index) => (index === 0 ? "---" : "--:")).join("|")}|`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ].join("\n");

/** A whole number with thousands set off. */
export const formatCount = (value: number): string =>
  Number.isNaN(value) ? "" : Math.round(value).toLocaleString("en-US");

/** Three significant digits. */
export const formatNumber = (value: number): string =>
  value >= 100 ? formatCount(value) : value.toPrecision(3);

export const formatSpread = (values: readonly number[]): string => {
  const { min, median, max } = spread(values);
  return [min, median, max].map(formatNumber).join(" / ");
};
