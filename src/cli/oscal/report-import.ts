import type { ImportedModel } from "../../oscal/oscal-document.ts";
import { printJson, printLine, printRemark, printTable, textCell } from "../print.ts";
import { outcomeOf } from "../report-change.ts";
import type { Session } from "../session.ts";
import type { ChangeResult } from "../shapes.ts";
import type { KindSummary } from "./plan-import.ts";

interface ImportReport {
  readonly document: string;
  readonly model: ImportedModel;
  readonly dryRun: boolean;
  readonly result: ChangeResult;
  readonly kinds: readonly KindSummary[];
  readonly remarks: readonly string[];
}

/** Prints what an import did, or in a dry run would do. */
export const reportImport = (session: Session, report: ImportReport): void => {
  const { document, dryRun, kinds, model, remarks, result } = report;
  if (session.json) {
    printJson(session, { ...result, dryRun, document, model, kinds, remarks });
    return;
  }
  printLine(session, `${model} ${document}`);
  const columns = [
    { title: "KIND" },
    { title: "ADDED", align: "right" },
    { title: "CHANGED", align: "right" },
    { title: "UNCHANGED", align: "right" },
    { title: "REMOVED", align: "right" },
  ] as const;
  const rows = kinds.map(({ added, changed, kind, removed, unchanged }) => [
    textCell(kind),
    String(added),
    String(changed),
    String(unchanged),
    String(removed),
  ]);
  printTable(session, columns, rows);
  printLine(session, outcomeOf(result, dryRun));
  for (const remark of remarks) printRemark(session, `note: ${remark}`);
};
