import { Option } from "commander";
import { apiKeyShape } from "../../access-shapes.ts";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { defaultsText, grantTexts, timeText } from "../../key-members.ts";
import { listItems } from "../../list-items.ts";
import { printJson, printTable, textCell } from "../../print.ts";
import type { Session } from "../../session.ts";

interface ListOptions {
  readonly state?: string;
}

const list = async (session: Session, { state }: ListOptions): Promise<ExitCode> => {
  const { items } = await listItems(session, {
    path: "v1/api-keys",
    query: { state },
    item: apiKeyShape,
  });
  if (session.json) {
    printJson(session, { items });
    return exitCodes.ok;
  }
  const columns = [
    { title: "ID" },
    { title: "NAME", minimumWidth: 10 },
    { title: "STATE" },
    { title: "GRANTS", minimumWidth: 10 },
    { title: "DEFAULTS" },
    { title: "LAST USED" },
    { title: "EXPIRES" },
  ];
  const rows = items.map((key) => [
    textCell(key.id),
    textCell(key.name),
    textCell(key.state),
    textCell(grantTexts(key).join(" ")),
    textCell(defaultsText(key)),
    textCell(timeText(key.lastUsedAt)),
    textCell(timeText(key.expiresAt)),
  ]);
  printTable(session, columns, rows);
  return exitCodes.ok;
};

export const addKeysListCommand = (registration: Registration): void => {
  const command = registration.program
    .command("list")
    .summary("list the API keys")
    .description("Lists the API keys, with their grants as `keys create --grant` takes them.")
    .addOption(
      new Option("--state <state>", "only keys in this state (default: active)").choices([
        "active",
        "expired",
        "revoked",
        "all",
      ]),
    );
  withExamples(command, ["keys list", "keys list --state all --json"]);
  command.action(runs(registration, command, list));
};
