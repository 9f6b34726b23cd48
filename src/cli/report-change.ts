import { printLine, printTable, textCell, valueCell, valueColumn } from "./print.ts";
import { scopeName } from "./scope.ts";
import type { Session } from "./session.ts";
import type { Change, ChangeResult } from "./shapes.ts";

/** On a terminal no list runs off it; a pipe gets every line. */
const mostShown = 40;

const shownOf = <Item>({ io }: Session, items: readonly Item[]): readonly Item[] =>
  io.isTerminal ? items.slice(0, mostShown) : items;

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
  const shown = shownOf(session, changes);
  const rows = shown.map((change) => [
    changeSign(change),
    textCell(scopeName(change)),
    textCell(change.key),
    textCell(change.version),
    valueCell(change.before),
    valueCell(change.after),
  ]);
  printTable(session, columns, rows);
  const hidden = changes.length - shown.length;
  if (hidden > 0) printLine(session, `… and ${hidden} more; a pipe or --json shows all.`);
};

/** What apps will see: the effective values that change, as many as the server lists, and their total. */
export const printEffective = (session: Session, result: ChangeResult): void => {
  const effective = shownOf(session, result.effective);
  const total = result.effectiveTotal ?? result.effective.length;
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
