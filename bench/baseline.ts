import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { formatTable } from "./report.ts";

const path = join(import.meta.dirname, "baseline.json");

const baselineSchema = z.record(z.string(), z.number());

/** Ratios by name. Figures are not kept: they change with the machine and the hour, and ratios much less. */
export type Ratios = Readonly<Record<string, number>>;

export const readBaseline = (): Ratios =>
  baselineSchema.parse(JSON.parse(readFileSync(path, "utf8")));

/** Replaces the ratios that were measured, and keeps the others. */
export function saveBaseline(measured: Ratios): void {
  const merged = Object.entries({ ...readBaseline(), ...measured })
    .map(([name, ratio]) => [name, Number(ratio.toPrecision(3))] as const)
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(merged), undefined, 2)}\n`);
}

/** A table of how far each ratio has moved from the committed one; nothing where none is committed. */
export function formatDrift(baseline: Ratios, measured: Ratios): string {
  const rows = Object.entries(measured).flatMap(([name, now]) => {
    const before = baseline[name];
    if (before === undefined) return [];
    const drift = (now / before - 1) * 100;
    return [
      [name, before.toFixed(2), now.toFixed(2), `${drift < 0 ? "" : "+"}${drift.toFixed(0)} %`],
    ];
  });
  if (rows.length === 0) return "";
  return formatTable({
    caption: "Ratios against bench/baseline.json",
    columns: ["ratio", "baseline", "now", "drift"],
    rows,
  });
}
