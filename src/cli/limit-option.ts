import { Option } from "commander";
import { wholeNumber } from "./define-command.ts";
import { printRemark } from "./print.ts";
import type { Session } from "./session.ts";

export const defaultLimit = 50;

export const limitOption = (what: string): Option =>
  new Option("-n, --limit <n>", `most ${what} to list (default: ${defaultLimit})`).argParser(
    wholeNumber(1),
  );

/** Says that a list was cut, so that nobody takes it for the whole. */
export const printMore = (session: Session, more: boolean): void => {
  if (more) printRemark(session, "There are more: --limit takes a larger number.");
};
