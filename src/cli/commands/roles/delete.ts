import { nothingShape } from "../../access-shapes.ts";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson, printLine } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { rolePath } from "./role-options.ts";

const deleteRole = async (session: Session, name: string): Promise<ExitCode> => {
  await sendRequest(session, {
    method: "DELETE",
    path: rolePath(name),
    shape: nothingShape,
    shownBy: "fairlead roles list",
  });
  if (session.json) printJson(session, { name, deleted: true });
  else printLine(session, `Deleted the role ${name}.`);
  return exitCodes.ok;
};

export const addRolesDeleteCommand = (registration: Registration): void => {
  const command = registration.program
    .command("delete")
    .summary("delete a role that no key has")
    .description("Deletes a role. One that a key has, and a built-in one, stay.")
    .argument("<name>", "its name");
  withExamples(command, ["roles delete releaser"]);
  command.action(runs(registration, command, deleteRole));
};
