import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson, printTable, textCell } from "../../print.ts";
import type { Session } from "../../session.ts";
import { readRoles } from "./read-roles.ts";

const list = async (session: Session): Promise<ExitCode> => {
  const items = await readRoles(session);
  if (session.json) {
    printJson(session, { items });
    return exitCodes.ok;
  }
  const columns = [
    { title: "NAME" },
    { title: "BUILT IN" },
    { title: "ACTIONS", minimumWidth: 20 },
    { title: "DESCRIPTION", minimumWidth: 10 },
  ];
  const rows = items.map((role) => [
    textCell(role.name),
    role.builtIn === true ? "yes" : "no",
    textCell(role.actions.join(" ")),
    textCell(role.description),
  ]);
  printTable(session, columns, rows);
  return exitCodes.ok;
};

export const addRolesListCommand = (registration: Registration): void => {
  const command = registration.program
    .command("list")
    .summary("list the roles")
    .description(
      "Lists the roles and their actions. The role admin has every action that there is.",
    );
  withExamples(command, ["roles list"]);
  command.action(runs(registration, command, list));
};
