import { displayWidth, truncate } from "./printable.ts";

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Fewest cells that this column may be cut to; without it the column is never cut. */
  readonly minimumWidth?: number;
}

export interface TableOptions {
  /** Cells of the terminal; absent when the output is piped, and then nothing is cut. */
  readonly width?: number;
  /** Colours a finished line of the body. */
  readonly paint?: (line: string, rowIndex: number) => string;
}

const gap = "  ";

/** Takes cells from the widest column that may be cut, until the table fits or nothing is left to take. */
const fit = (natural: readonly number[], columns: readonly Column[], width: number): number[] => {
  const widths = [...natural];
  const total = (): number =>
    widths.reduce((sum, cells) => sum + cells, gap.length * (widths.length - 1));
  for (let excess = total() - width; excess > 0; excess = total() - width) {
    const cuttable = columns
      .map((column, index) => ({ index, minimum: column.minimumWidth ?? Number.POSITIVE_INFINITY }))
      .filter(({ index, minimum }) => (widths[index] ?? 0) > minimum)
      .sort((left, right) => (widths[right.index] ?? 0) - (widths[left.index] ?? 0));
    const [widest, next] = cuttable;
    if (widest === undefined) break;
    const cells = widths[widest.index] ?? 0;
    const floor = Math.max(
      widest.minimum,
      next === undefined ? 0 : Math.min(widths[next.index] ?? 0, cells - 1),
    );
    widths[widest.index] = Math.max(floor, cells - excess);
  }
  return widths;
};

const pad = (cell: string, width: number, align: Column["align"]): string => {
  const spaces = " ".repeat(Math.max(0, width - displayWidth(cell)));
  return align === "right" ? spaces + cell : cell + spaces;
};

/**
 * A table as text, each line ended: a line of titles, then the rows, columns two spaces apart.
 * Cells must be printable already, without line breaks.
 */
export const renderTable = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { width, paint = (line) => line }: TableOptions = {},
): string => {
  const natural = columns.map(({ title }, index) =>
    rows.reduce(
      (cells, row) => Math.max(cells, displayWidth(row[index] ?? "")),
      displayWidth(title),
    ),
  );
  const widths = width === undefined ? natural : fit(natural, columns, width);
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => {
        const cellWidth = widths[index] ?? 0;
        const cell = width === undefined ? cells[index] : truncate(cells[index] ?? "", cellWidth);
        return pad(cell ?? "", cellWidth, column.align);
      })
      .join(gap)
      .trimEnd();
  const body = rows.map((row, index) => paint(line(row), index));
  return [line(columns.map(({ title }) => title)), ...body].map((text) => `${text}\n`).join("");
};
