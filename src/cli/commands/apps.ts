import { type Registration, runs, withExamples } from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { listItems } from "../list-items.ts";
import { printJson, printTable, textCell } from "../print.ts";
import type { Session } from "../session.ts";
import { appShape } from "../shapes.ts";

const apps = async (session: Session): Promise<ExitCode> => {
  const { items } = await listItems(session, { path: "v1/apps", item: appShape });
  if (session.json) {
    printJson(session, { items });
  } else {
    const rows = items.map(({ name }) => [textCell(name)]);
    printTable(session, [{ title: "NAME" }], rows);
  }
  return exitCodes.ok;
};

export const addAppsCommand = (registration: Registration): void => {
  const command = registration.program
    .command("apps")
    .summary("list the apps")
    .description("Lists the apps. An app comes into being with its first key.");
  withExamples(command, ["apps", "apps --json"]);
  command.action(runs(registration, command, apps));
};
