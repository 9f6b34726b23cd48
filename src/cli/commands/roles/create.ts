import { roleShape } from "../../access-shapes.ts";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson, printLine } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { type RoleOptions, roleMembers, withRoleOptions } from "./role-options.ts";

const create = async (session: Session, name: string, options: RoleOptions): Promise<ExitCode> => {
  const { body } = await sendRequest(session, {
    method: "POST",
    path: "v1/roles",
    body: { name, ...roleMembers(options) },
    shape: roleShape,
    shownBy: "fairlead roles list",
  });
  if (session.json) printJson(session, body);
  else printLine(session, `Created the role ${name}.`);
  return exitCodes.ok;
};

export const addRolesCreateCommand = (registration: Registration): void => {
  const command = registration.program
    .command("create")
    .summary("create a role")
    .description("Creates a role: a name for a set of actions, to be granted to keys.")
    .argument("<name>", "its name");
  withRoleOptions(command);
  withExamples(command, [
    "roles create releaser --action entries.read --action rollouts.operate --description 'ships'",
  ]);
  command.action(runs(registration, command, create));
};
