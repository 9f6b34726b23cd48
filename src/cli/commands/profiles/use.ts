import { type Registration, runsHere, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import type { Output } from "../../io.ts";
import { printJson, printLine } from "../../print.ts";
import { requireProfile } from "../../profiles/profiles.ts";
import { updateProfiles } from "../../profiles/update-profiles.ts";

interface UseOptions {
  readonly none?: boolean;
}

const use = async (
  output: Output,
  name: string | undefined,
  { none = false }: UseOptions,
): Promise<ExitCode> => {
  if ((name === undefined) !== none) throw usageFailure("profiles use wants a name or --none.");
  await updateProfiles(output.io, (profiles) => {
    const { default: _before, ...rest } = profiles;
    return name === undefined ? rest : { default: requireProfile(profiles, name).name, ...rest };
  });
  if (output.json) printJson(output, { default: name ?? null });
  else {
    const outcome =
      name === undefined ? "There is no default profile now." : `The default profile is ${name}.`;
    printLine(output, outcome);
  }
  return exitCodes.ok;
};

export const addProfilesUseCommand = (registration: Registration): void => {
  const command = registration.program
    .command("use")
    .summary("choose the default profile")
    .description("Makes a profile the default: what is used where nothing else is said.")
    .argument("[name]", "the profile")
    .option("--none", "have no default profile");
  withExamples(command, ["profiles use production", "profiles use --none"]);
  command.action(runsHere(registration, command, use));
};
