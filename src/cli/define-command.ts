import { type Command, InvalidArgumentError, Option } from "commander";
import { keyPattern } from "../platform/names.ts";
import type { ExitCode } from "./exit-codes.ts";
import { refusal } from "./failure.ts";
import type { Io, Output } from "./io.ts";
import { type GlobalOptions, openSession, type Session } from "./session.ts";

/** How a finished command hands on its exit code. */
export interface Outcome {
  exitCode: ExitCode;
}

export interface Registration {
  readonly program: Command;
  readonly io: Io;
  readonly outcome: Outcome;
}

/**
 * The action of a command: `verb(session, ...arguments, options)`, as commander hands them over. The
 * session is opened only when the command really runs.
 */
export const runs =
  <Args extends readonly unknown[]>(
    { io, outcome }: Registration,
    command: Command,
    verb: (session: Session, ...args: Args) => Promise<ExitCode>,
  ): ((...args: Args) => Promise<void>) =>
  async (...args) => {
    const session = await openSession(io, command.optsWithGlobals<GlobalOptions>());
    outcome.exitCode = await verb(session, ...args);
  };

/** As `runs`, for a command that asks no server: it gets the output in place of a session. */
export const runsHere =
  <Args extends readonly unknown[]>(
    { io, outcome }: Registration,
    command: Command,
    verb: (output: Output, ...args: Args) => Promise<ExitCode>,
  ): ((...args: Args) => Promise<void>) =>
  async (...args) => {
    const { json } = command.optsWithGlobals<GlobalOptions>();
    outcome.exitCode = await verb({ io, json: json === true }, ...args);
  };

/** An option that may be given several times; its value is the list of all. */
export const repeatable = (flags: string, description: string): Option =>
  new Option(flags, description).argParser<readonly string[] | undefined>((text, before) => [
    ...(before ?? []),
    text,
  ]);

/** Examples at the end of a command's help, one per line. */
export const withExamples = (command: Command, examples: readonly string[]): Command =>
  command.addHelpText(
    "after",
    `\nExamples:\n${examples.map((example) => `  $ fairlead ${example}`).join("\n")}`,
  );

/** Parses an option's value as a whole number of at least `least`. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    }
    return value;
  };

// The fetch of Node gives up after 300 s by itself.
const longestTimeoutSeconds = 300;

/** Parses the value of --timeout. */
export const timeoutSeconds = (text: string): number => {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= longestTimeoutSeconds)) {
    throw new InvalidArgumentError(
      `It must be a number of seconds above 0, at most ${longestTimeoutSeconds}.`,
    );
  }
  return value;
};

export interface ScopeOptions {
  readonly app?: string;
  readonly environment?: string;
}

export const withScope = (command: Command, what: string): Command =>
  command
    .option("-a, --app <app>", `${what} of this app (default: all apps)`)
    .option("-e, --environment <environment>", `${what} of this environment (default: all)`);

export interface WriteOptions {
  readonly message?: string;
  readonly dryRun?: boolean;
  readonly allowLargeChange?: boolean;
}

export const withWriteOptions = (command: Command): Command =>
  command
    .option("-m, --message <text>", "why, for the history")
    .option("--dry-run", "check and preview, commit nothing")
    .option("--allow-large-change", "let a change through that the guard rail would stop");

export const expectedVersionOption = (): Option =>
  new Option(
    "--expected-version <n>",
    "commit only if the entry has this version (0: only if it does not exist)",
  ).argParser(wholeNumber(0));

/** The members that every write shares. */
export const writeMembers = (
  { message, dryRun, allowLargeChange }: WriteOptions,
  defaultMessage: string,
) => ({
  message: message ?? defaultMessage,
  ...(dryRun === true ? { dryRun } : {}),
  ...(allowLargeChange === true ? { allowLargeChange } : {}),
});

/** Refuses what no key looks like before it becomes part of a path. */
export const checkedKey = (key: string): string => {
  if (!keyPattern.test(key)) {
    throw refusal(
      "key",
      "A key has 1 to 256 letters, digits, '.', '_', ':' and '-', and begins with a letter or digit.",
    );
  }
  return key;
};
