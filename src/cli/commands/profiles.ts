import { type Registration, withExamples } from "../define-command.ts";
import { addProfilesAddCommand } from "./profiles/add.ts";
import { addProfilesListCommand } from "./profiles/list.ts";
import { addProfilesRemoveCommand } from "./profiles/remove.ts";
import { addProfilesUseCommand } from "./profiles/use.ts";

export const addProfilesCommands = (registration: Registration): void => {
  const program = registration.program
    .command("profiles")
    .summary("keep URLs and API keys of servers on this machine")
    .description("Keeps URLs and API keys of servers in a file that only you can read.");
  withExamples(program, ["profiles add production --url https://config.example.com"]);
  const under = { ...registration, program };
  addProfilesAddCommand(under);
  addProfilesListCommand(under);
  addProfilesUseCommand(under);
  addProfilesRemoveCommand(under);
};
