import type { Io } from "./io.ts";
import { printable } from "./printable.ts";

/** Whether somebody is there to answer a question. */
export const isInteractive = (io: Io): boolean =>
  io.stdin !== undefined && io.stdinIsTerminal === true && io.stderrIsTerminal === true;

/** Asks on standard error; only `y` or `yes` counts as consent. */
export const confirm = async (io: Io, question: string): Promise<boolean> => {
  io.stderr.write(`${printable(question)} [y/N] `);
  let line = "";
  for await (const chunk of io.stdin ?? []) {
    line += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    if (line.includes("\n")) break;
  }
  return /^\s*y(?:es)?\s*$/i.test(line.split("\n")[0] ?? "");
};
