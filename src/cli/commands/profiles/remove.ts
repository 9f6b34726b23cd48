import { type Registration, runsHere, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import type { Output } from "../../io.ts";
import { printJson, printLine } from "../../print.ts";
import { requireProfile, withoutProfile } from "../../profiles/profiles.ts";
import { updateProfiles } from "../../profiles/update-profiles.ts";

const remove = async (output: Output, name: string): Promise<ExitCode> => {
  await updateProfiles(output.io, (profiles) => {
    requireProfile(profiles, name);
    const { default: chosen, ...rest } = profiles;
    const isKept = chosen !== undefined && chosen !== name;
    return {
      ...(isKept ? { default: chosen } : {}),
      ...rest,
      profiles: withoutProfile(profiles, name),
    };
  });
  if (output.json) printJson(output, { name, removed: true });
  else printLine(output, `Removed the profile ${name}. Its key still works on the server.`);
  return exitCodes.ok;
};

export const addProfilesRemoveCommand = (registration: Registration): void => {
  const command = registration.program
    .command("remove")
    .summary("forget a profile and its key")
    .description(
      "Removes a profile and its key from this machine. On the server the key stays valid until " +
        "`fairlead keys revoke`.",
    )
    .argument("<name>", "the profile");
  withExamples(command, ["profiles remove staging"]);
  command.action(runsHere(registration, command, remove));
};
