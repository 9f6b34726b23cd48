import {
  checkedKey,
  type Registration,
  runs,
  type ScopeOptions,
  withExamples,
  withScope,
} from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { defaultLimit, limitOption, printMore } from "../limit-option.ts";
import { listItems } from "../list-items.ts";
import { printJson, printTable, textCell, valueColumn } from "../print.ts";
import { printableJson } from "../printable.ts";
import type { Session } from "../session.ts";
import { versionShape } from "../shapes.ts";

interface HistoryOptions extends ScopeOptions {
  readonly limit?: number;
}

const history = async (
  session: Session,
  key: string,
  { app, environment, limit = defaultLimit }: HistoryOptions,
): Promise<ExitCode> => {
  const { items, more } = await listItems(session, {
    path: "v1/history",
    query: { kind: "config", app, environment, key: checkedKey(key) },
    item: versionShape,
    limit,
  });
  if (session.json) {
    printJson(session, { items, more });
    return exitCodes.ok;
  }
  const columns = [
    { title: "VERSION", align: "right" },
    { title: "REVISION", align: "right" },
    { title: "WHEN" },
    { title: "WHO" },
    { title: "OP" },
    valueColumn("VALUE"),
    { title: "MESSAGE", minimumWidth: 10 },
  ] as const;
  const rows = items.map((item) => [
    textCell(item.version),
    textCell(item.revision),
    textCell(item.committedAt),
    textCell(item.actor?.id),
    textCell(item.op),
    item.op === "delete" ? "-" : printableJson(item.value),
    textCell(item.message),
  ]);
  printTable(session, columns, rows);
  printMore(session, more);
  return exitCodes.ok;
};

export const addHistoryCommand = (registration: Registration): void => {
  const command = registration.program
    .command("history")
    .summary("list the versions of one key")
    .description("Lists the versions of one key in one layer, newest first.")
    .argument("<key>", "the key, such as db.pool.size")
    .addOption(limitOption("versions"));
  withScope(command, "in the layer");
  withExamples(command, [
    "history db.pool.size --app payments --environment production",
    "history db.pool.size --limit 500 --json",
  ]);
  command.action(runs(registration, command, history));
};
