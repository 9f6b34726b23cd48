import { type Registration, withExamples } from "../define-command.ts";
import { addRolesCreateCommand } from "./roles/create.ts";
import { addRolesDeleteCommand } from "./roles/delete.ts";
import { addRolesListCommand } from "./roles/list.ts";
import { addRolesUpdateCommand } from "./roles/update.ts";

export const addRolesCommands = (registration: Registration): void => {
  const program = registration.program
    .command("roles")
    .summary("list, create, update and delete roles")
    .description("Lists, creates, updates and deletes roles: sets of actions that grants name.");
  withExamples(program, ["roles list"]);
  const under = { ...registration, program };
  addRolesListCommand(under);
  addRolesCreateCommand(under);
  addRolesUpdateCommand(under);
  addRolesDeleteCommand(under);
};
