import { type Registration, runs, withExamples } from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { defaultLimit, limitOption, printMore } from "../limit-option.ts";
import { listItems } from "../list-items.ts";
import { printJson, printTable, textCell } from "../print.ts";
import type { Session } from "../session.ts";
import { changeSetShape } from "../shapes.ts";

interface ChangesOptions {
  readonly limit?: number;
}

const changes = async (
  session: Session,
  { limit = defaultLimit }: ChangesOptions,
): Promise<ExitCode> => {
  const { items, more } = await listItems(session, {
    path: "v1/changes",
    item: changeSetShape,
    limit,
  });
  if (session.json) {
    printJson(session, { items, more });
    return exitCodes.ok;
  }
  const columns = [
    { title: "REVISION", align: "right" },
    { title: "WHEN" },
    { title: "WHO" },
    { title: "CHANGES", align: "right" },
    { title: "MESSAGE", minimumWidth: 10 },
  ] as const;
  const rows = items.map((item) => [
    textCell(item.revision),
    textCell(item.committedAt),
    textCell(item.actor?.id),
    textCell(item.changeCount),
    textCell(item.message),
  ]);
  printTable(session, columns, rows);
  printMore(session, more);
  return exitCodes.ok;
};

export const addChangesCommand = (registration: Registration): void => {
  const command = registration.program
    .command("changes")
    .summary("list the committed change sets")
    .description("Lists the committed change sets of the whole deployment.")
    .addOption(limitOption("change sets"));
  withExamples(command, ["changes", "changes --limit 500 --json"]);
  command.action(runs(registration, command, changes));
};
