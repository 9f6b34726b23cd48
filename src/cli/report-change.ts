import { printLine, printTable, textCell, valueCell, valueColumn } from "./print.ts";
import { scopeName } from "./scope.ts";
import type { Session } from "./session.ts";
import type { Change, ChangeResult } from "./shapes.ts";

/** `+` for a new entry, `-` for one that goes, `~` for one that stays with another value. */
export const changeSign = ({ op, before }: Change): "+" | "-" | "~" => {
  if (op === "delete") return "-";
  return before === null || before === undefined ? "+" : "~";
};

/** One line on what became of the change set. */
export const outcomeOf = (result: ChangeResult, dryRun: boolean): string => {
  if (result.changeRequestId !== undefined) {
    return `Not committed yet: change request ${result.changeRequestId} waits for approval.`;
  }
  if (result.changes.length === 0) {
    return `Nothing to change${result.revision == null ? "" : `; the revision stays ${result.revision}`}.`;
  }
  if (dryRun) return "Dry run: nothing was committed.";
  return `Committed as revision ${result.revision ?? "?"}.`;
};

const printChanges = (session: Session, changes: readonly Change[]): void => {
  const columns = [
    { title: "" },
    { title: "SCOPE" },
    { title: "KEY" },
    { title: "VERSION", align: "right" },
    valueColumn("BEFORE"),
    valueColumn("AFTER"),
  ] as const;
  const rows = changes.map((change) => [
    changeSign(change),
    textCell(scopeName(change)),
    textCell(change.key),
    textCell(change.version),
    valueCell(change.before),
    valueCell(change.after),
  ]);
  printTable(session, columns, rows);
};

/** What apps will see: the effective values that change, as many as the server lists, and their total. */
export const printEffective = (session: Session, result: ChangeResult): void => {
  const { effective } = result;
  const total = result.effectiveTotal ?? effective.length;
  if (total === 0) {
    printLine(session, "No effective value changes.");
    return;
  }
  const shown = effective.length < total ? ` (the first ${effective.length} are shown)` : "";
  printLine(
    session,
    `${total} effective ${total === 1 ? "value changes" : "values change"}${shown}:`,
  );
  const columns = [
    { title: "APP" },
    { title: "ENVIRONMENT" },
    { title: "KEY" },
    valueColumn("BEFORE"),
    valueColumn("AFTER"),
  ];
  const rows = effective.map(({ app, environment, key, before, after }) => [
    textCell(app),
    textCell(environment),
    textCell(key),
    valueCell(before),
    valueCell(after),
  ]);
  printTable(session, columns, rows);
};

/** Prints a change set's outcome and its changes; in a dry run also what apps would see. */
export const reportChange = (session: Session, result: ChangeResult, dryRun: boolean): void => {
  printLine(session, outcomeOf(result, dryRun));
  if (result.changes.length > 0) printChanges(session, result.changes);
  if (dryRun && result.changes.length > 0) printEffective(session, result);
};
