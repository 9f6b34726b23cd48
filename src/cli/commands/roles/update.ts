import { roleShape } from "../../access-shapes.ts";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson, printLine } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { readRoles } from "./read-roles.ts";
import { type RoleOptions, roleMembers, rolePath, withRoleOptions } from "./role-options.ts";

/** The server takes a role as a whole, so what was not said stays by being sent again. */
const descriptionOf = async (
  session: Session,
  name: string,
  { description }: RoleOptions,
): Promise<string> => {
  if (description !== undefined) return description;
  const roles = await readRoles(session);
  return roles.find((role) => role.name === name)?.description ?? "";
};

const update = async (session: Session, name: string, options: RoleOptions): Promise<ExitCode> => {
  const path = rolePath(name);
  const description = await descriptionOf(session, name, options);
  const { body } = await sendRequest(session, {
    method: "PUT",
    path,
    body: roleMembers({ ...options, description }),
    shape: roleShape,
    shownBy: "fairlead roles list",
  });
  if (session.json) printJson(session, body);
  else printLine(session, `The role ${name} now has the actions ${body.actions.join(", ")}.`);
  return exitCodes.ok;
};

export const addRolesUpdateCommand = (registration: Registration): void => {
  const command = registration.program
    .command("update")
    .summary("give a role other actions")
    .description(
      "Gives a role other actions, in place of those before, for every key that has it. Without " +
        "--description, that stays.",
    )
    .argument("<name>", "its name");
  withRoleOptions(command);
  withExamples(command, ["roles update releaser --action entries.read"]);
  command.action(runs(registration, command, update));
};
