import { z } from "zod";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import type { Io } from "../../io.ts";
import { printableLines } from "../../printable.ts";
import type { Query } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { streamLines } from "../../stream-lines.ts";

const rowShape = z.looseObject({ id: z.union([z.string(), z.number()]) });

/** Waits where the reader is slower than the server, so that the log is never all in memory. */
const write = async ({ stdout }: Io, text: string): Promise<void> => {
  if (stdout.write(text) !== false || stdout.once === undefined) return;
  await new Promise<void>((resume) => {
    stdout.once?.("drain", resume);
  });
};

const lastId = (lines: string): string | undefined => {
  try {
    const [last = ""] = lines.trimEnd().split("\n").slice(-1);
    return String(rowShape.parse(JSON.parse(last)).id);
  } catch {
    return undefined;
  }
};

/** Says where to go on: the rows before the break are written as a whole. */
const resumable = (error: unknown, lines: string): unknown => {
  const id = lastId(lines);
  const isBroken = error instanceof Failure && error.document.code === "BROKEN_OFF";
  if (!isBroken || id === undefined) return error;
  const hint = `The rows before are whole. \`--after ${id}\` goes on from there.`;
  return new Failure(error.exitCode, error.document, { hint, cause: error });
};

/** Writes every row of the audit log that passes the filters, as NDJSON, as it arrives. */
export const exportAudit = async (session: Session, query: Query): Promise<ExitCode> => {
  let written = "";
  try {
    for await (const lines of streamLines(session, { path: "v1/audit/export", query })) {
      await write(session.io, printableLines(lines));
      written = lines;
    }
  } catch (error) {
    throw resumable(error, written);
  }
  return exitCodes.ok;
};
