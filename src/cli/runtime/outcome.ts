import { parseJson } from "../../platform/documents/parse-json.ts";
import type { Json } from "../../platform/json.ts";
import type { CommandEnd } from "./run-command.ts";
import type { RunResult } from "./runtime-api.ts";

export type Outcome = Pick<RunResult, "evidence" | "status">;

/** A run that says nothing about what was to be examined. */
export const errorOutcome = (error: string, more: Record<string, Json> = {}): Outcome => ({
  status: "error",
  evidence: { error, ...more },
});

/** What the end of a command says: 0 passed, 1 failed, anything else is an error of the run. */
export const outcomeOf = (end: CommandEnd): Outcome => {
  const { exitCode, reason, stderr } = end;
  if (exitCode === 0) return { status: "passed", evidence: evidenceOf(end) };
  if (exitCode === 1) return { status: "failed", evidence: evidenceOf(end) };
  const error = `The command has failed: ${reason ?? `exit code ${exitCode}`}.`;
  return errorOutcome(error, { output: evidenceOf(end), stderr: storable(stderr) });
};

/** Its output as JSON where it is that, else as text; null where there is none. */
const evidenceOf = ({ isCut, stdout }: CommandEnd): Json => {
  const output = storable(stdout);
  if (isCut) return { output, isCut };
  if (output.trim() === "") return null;
  try {
    return parseJson(output.replaceAll(escapes, withoutNull));
  } catch {
    return output;
  }
};

/** U+0000 is no character that evidence may hold. */
const storable = (text: string): string => text.replaceAll("\0", "\ufffd");

/** In JSON: a backslash that is escaped itself begins none. */
const escapes = /\\(?:u0000|.)/gs;

const withoutNull = (escape: string): string => (escape === "\\u0000" ? "\ufffd" : escape);
