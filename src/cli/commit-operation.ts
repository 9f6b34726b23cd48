import { type WriteOptions, writeMembers } from "./define-command.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { printJson } from "./print.ts";
import { reportChange } from "./report-change.ts";
import { sendRequest } from "./send-request.ts";
import type { Session } from "./session.ts";
import { changeResultShape } from "./shapes.ts";

/** Sends a change set of one operation and reports what became of it. */
export const commitOperation = async (
  session: Session,
  options: WriteOptions,
  defaultMessage: string,
  operation: Readonly<Record<string, unknown>>,
): Promise<ExitCode> => {
  const { body } = await sendRequest(session, {
    method: "POST",
    path: "v1/changes",
    body: { ...writeMembers(options, defaultMessage), operations: [operation] },
    shape: changeResultShape,
  });
  if (session.json) printJson(session, body);
  else reportChange(session, body, options.dryRun === true);
  return exitCodes.ok;
};
