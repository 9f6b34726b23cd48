import { printJson, printLine, printRemark, printTable, textCell } from "../print.ts";
import { outcomeOf, printEffective } from "../report-change.ts";
import { scopeName } from "../scope.ts";
import type { Session } from "../session.ts";
import type { ChangeResult } from "../shapes.ts";
import type { LayerSummary } from "./summarise.ts";

export interface ApplyReport {
  readonly dryRun: boolean;
  /** Absent when there was nothing to send. */
  readonly result: ChangeResult;
  readonly layers: readonly LayerSummary[];
  readonly remarks: readonly string[];
  /** Environments that were created, or in a dry run would be. */
  readonly environments: readonly string[];
}

const printLayers = (session: Session, layers: readonly LayerSummary[]): void => {
  const columns = [
    { title: "SCOPE" },
    { title: "ADDED", align: "right" },
    { title: "CHANGED", align: "right" },
    { title: "UNCHANGED", align: "right" },
    { title: "REMOVED", align: "right" },
  ] as const;
  const rows = layers.map((layer) => [
    textCell(scopeName(layer)),
    String(layer.added),
    String(layer.changed),
    String(layer.unchanged),
    String(layer.removed),
  ]);
  printTable(session, columns, rows);
};

/** Prints what an import did, or in a dry run would do. */
export const reportApply = (session: Session, report: ApplyReport): void => {
  const { dryRun, result, layers, remarks, environments } = report;
  if (session.json) {
    printJson(session, { ...result, dryRun, layers, environments, remarks });
    return;
  }
  printLayers(session, layers);
  const touched = layers.some(({ added, changed, removed }) => added + changed + removed > 0);
  printLine(
    session,
    dryRun && touched ? "Dry run: nothing was committed." : outcomeOf(result, dryRun),
  );
  if (!dryRun) return;
  if (environments.length > 0) {
    printRemark(
      session,
      `note: not previewed, as the environment would be created first: ${environments.join(", ")}`,
    );
  }
  if (result.changes.length > 0) printEffective(session, result);
};
