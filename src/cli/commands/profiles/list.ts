import { publicIdOf } from "../../api-key.ts";
import { type Registration, runsHere, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import type { Output } from "../../io.ts";
import { printJson, printTable, textCell } from "../../print.ts";
import { readProfiles } from "../../profiles/read-profiles.ts";

const list = async (output: Output): Promise<ExitCode> => {
  const { default: chosen, profiles } = await readProfiles(output.io);
  const items = profiles.map(({ name, url, apiKey }) => ({
    name,
    url,
    keyId: publicIdOf(apiKey) ?? null,
    default: name === chosen,
  }));
  if (output.json) {
    printJson(output, { items });
    return exitCodes.ok;
  }
  const columns = [{ title: "NAME" }, { title: "URL" }, { title: "KEY ID" }, { title: "DEFAULT" }];
  const rows = items.map((item) => [
    textCell(item.name),
    textCell(item.url),
    textCell(item.keyId),
    item.default ? "yes" : "no",
  ]);
  printTable(output, columns, rows);
  return exitCodes.ok;
};

export const addProfilesListCommand = (registration: Registration): void => {
  const command = registration.program
    .command("list")
    .summary("list the stored profiles")
    .description("Lists the stored profiles. Of a key it shows the id, which is no secret.");
  withExamples(command, ["profiles list", "profiles list --json"]);
  command.action(runsHere(registration, command, list));
};
