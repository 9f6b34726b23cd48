import { Option } from "commander";
import { type Registration, runs, wholeNumber, withExamples } from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { listItems } from "../list-items.ts";
import { printJson, printLine, printTable, textCell } from "../print.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import { environmentShape } from "../shapes.ts";

interface CreateOptions {
  readonly rank: number;
  readonly protected?: boolean;
}

const list = async (session: Session): Promise<ExitCode> => {
  const { items } = await listItems(session, {
    path: "v1/environments",
    item: environmentShape,
  });
  if (session.json) {
    printJson(session, { items });
    return exitCodes.ok;
  }
  const columns = [
    { title: "NAME" },
    { title: "RANK", align: "right" },
    { title: "PROTECTED" },
  ] as const;
  const rows = items.map((item) => [
    textCell(item.name),
    textCell(item.rank),
    item.protected === true ? "yes" : "no",
  ]);
  printTable(session, columns, rows);
  return exitCodes.ok;
};

const create = async (
  session: Session,
  name: string,
  options: CreateOptions,
): Promise<ExitCode> => {
  const { body } = await sendRequest(session, {
    method: "POST",
    path: "v1/environments",
    body: { name, rank: options.rank, protected: options.protected === true },
    shape: environmentShape,
  });
  if (session.json) printJson(session, body);
  else printLine(session, `Created the environment ${name}.`);
  return exitCodes.ok;
};

export const addEnvironmentsCommand = (registration: Registration): void => {
  const command = registration.program
    .command("environments")
    .summary("list or create environments")
    .description("Lists the environments, or creates one.");
  withExamples(command, ["environments", "environments create docker --rank 40"]);
  const creation = command
    .command("create")
    .summary("create an environment")
    .description("Creates an environment.")
    .argument("<name>", "its name")
    .addOption(
      new Option("--rank <n>", "its place in the order of environments, low first")
        .argParser(wholeNumber(0))
        .makeOptionMandatory(),
    )
    .option("--protected", "changes of its effective values need an approval");
  withExamples(creation, ["environments create docker --rank 40"]);
  command.action(runs(registration, command, list));
  creation.action(runs(registration, creation, create));
};
