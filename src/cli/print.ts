import type { Output } from "./io.ts";
import { printable, printableJson } from "./printable.ts";
import { type Column, renderTable } from "./table.ts";

/** A column of JSON values: cut first where the terminal is narrow. */
export const valueColumn = (title: string): Column => ({ title, minimumWidth: 10 });

/** A value in a table cell: compact JSON, or `-` where there is none. */
export const valueCell = (value: unknown): string =>
  value === null || value === undefined ? "-" : printableJson(value);

/** Free text or a number in a table cell, or `-` where there is none. */
export const textCell = (value: string | number | null | undefined): string =>
  value === null || value === undefined || value === "" ? "-" : printable(String(value));

/** The only document on standard output of a run with `--json`. */
export const printJson = ({ io }: Output, document: unknown): void => {
  io.stdout.write(`${printableJson(document, 2)}\n`);
};

export const printLine = ({ io }: Output, text: string): void => {
  io.stdout.write(`${printable(text)}\n`);
};

/** A table on standard output, fitted to the terminal, or in full where it is piped. */
export const printTable = (
  { io }: Output,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint?: (line: string, rowIndex: number) => string,
): void => {
  const fitted = io.isTerminal ? { width: io.columns } : {};
  io.stdout.write(renderTable(columns, rows, { ...fitted, ...(paint ? { paint } : {}) }));
};

/** A remark on standard error, kept out of `--json` runs, whose document carries it. */
export const printRemark = ({ io, json }: Output, text: string): void => {
  if (!json) io.stderr.write(`${printable(text)}\n`);
};

const clearLine = "\r\u001b[2K";

/** What long work is at, on one line of a terminal that is drawn over; an empty text removes it. */
export const showProgress = ({ io, json }: Output, text: string): void => {
  if (io.stderrIsTerminal === true && !json) {
    io.stderr.write(`${clearLine}${printable(text).slice(0, io.columns - 1)}`);
  }
};
