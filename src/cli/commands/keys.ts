import { type Registration, withExamples } from "../define-command.ts";
import { addKeysCreateCommand } from "./keys/create.ts";
import { addKeysListCommand } from "./keys/list.ts";
import { addKeysRevokeCommand } from "./keys/revoke.ts";
import { addKeysShowCommand } from "./keys/show.ts";

export const addKeysCommands = (registration: Registration): void => {
  const program = registration.program
    .command("keys")
    .summary("create, list and revoke API keys")
    .description("Creates, lists, shows and revokes API keys.");
  withExamples(program, ["keys list"]);
  const under = { ...registration, program };
  addKeysCreateCommand(under);
  addKeysListCommand(under);
  addKeysShowCommand(under);
  addKeysRevokeCommand(under);
};
