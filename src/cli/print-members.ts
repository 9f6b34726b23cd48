import type { Output } from "./io.ts";
import { printLine } from "./print.ts";

/** A member of a document: its name, and its value or one line per value. Undefined is left out. */
export type Member = readonly [string, string | readonly string[] | undefined];

/** One document on standard output, a line per member, the values below each other. */
export const printMembers = (output: Output, members: readonly Member[]): void => {
  const shown = members.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length)) + 2;
  for (const [name, value = []] of shown) {
    const lines = typeof value === "string" ? [value] : value;
    const [first = "-", ...rest] = lines;
    printLine(output, `${`${name}:`.padEnd(width)}${first}`);
    for (const line of rest) printLine(output, `${" ".repeat(width)}${line}`);
  }
};
