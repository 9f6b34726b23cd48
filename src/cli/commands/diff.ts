import {
  type Registration,
  runs,
  type ScopeOptions,
  withExamples,
  withScope,
} from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { listItems } from "../list-items.ts";
import { type Colour, paint } from "../paint.ts";
import {
  printJson,
  printLine,
  printTable,
  showProgress,
  textCell,
  valueCell,
  valueColumn,
} from "../print.ts";
import { scopeName } from "../scope.ts";
import type { Query } from "../send-request.ts";
import type { Session } from "../session.ts";
import { type Difference, differenceShape } from "../shapes.ts";

interface DiffOptions extends ScopeOptions {
  readonly from?: string;
  readonly to?: string;
  readonly fromEnvironment?: string;
  readonly toEnvironment?: string;
  readonly at?: string;
  readonly exitCode?: boolean;
}

const signs: Readonly<Record<Difference["change"], { sign: string; colour: Colour }>> = {
  added: { sign: "+", colour: "green" },
  removed: { sign: "-", colour: "red" },
  changed: { sign: "~", colour: "yellow" },
};

const ofRevisions = ({ from, to, app, environment, at }: DiffOptions): Query => {
  if (from === undefined || to === undefined)
    throw usageFailure("diff wants both --from and --to.");
  if (at !== undefined) throw usageFailure("--at goes with --from-environment.");
  return { from, to, app, environment };
};

const ofEnvironments = (options: DiffOptions): Query => {
  const { from, to, fromEnvironment, toEnvironment, app, environment, at } = options;
  if (from !== undefined || to !== undefined || environment !== undefined) {
    throw usageFailure("diff compares either two revisions or two environments.");
  }
  if (fromEnvironment === undefined || toEnvironment === undefined || app === undefined) {
    throw usageFailure("diff wants --from-environment, --to-environment and --app.");
  }
  return { fromEnvironment, toEnvironment, app, at };
};

const printDifferences = (
  session: Session,
  items: readonly Difference[],
  byScope: boolean,
): void => {
  if (items.length === 0) return printLine(session, "No differences.");
  const columns = [
    { title: "" },
    ...(byScope ? [{ title: "SCOPE" }] : []),
    { title: "KEY" },
    valueColumn("BEFORE"),
    valueColumn("AFTER"),
  ];
  const rows = items.map((item) => [
    signs[item.change].sign,
    ...(byScope ? [textCell(scopeName(item))] : []),
    textCell(item.key),
    valueCell(item.before),
    valueCell(item.after),
  ]);
  printTable(session, columns, rows, (line, index) => {
    const change = items[index]?.change ?? "changed";
    return paint(session.io, signs[change].colour, line);
  });
};

const diff = async (session: Session, options: DiffOptions): Promise<ExitCode> => {
  const byEnvironment =
    options.fromEnvironment !== undefined || options.toEnvironment !== undefined;
  const { items } = await listItems(session, {
    path: "v1/diff",
    query: byEnvironment ? ofEnvironments(options) : ofRevisions(options),
    item: differenceShape,
    onPage: (count) => showProgress(session, `${count} differences…`),
  });
  showProgress(session, "");
  if (session.json) printJson(session, { items });
  else printDifferences(session, items, !byEnvironment);
  return options.exitCode === true && items.length > 0 ? exitCodes.failure : exitCodes.ok;
};

export const addDiffCommand = (registration: Registration): void => {
  const command = registration.program
    .command("diff")
    .summary("compare two revisions, or two environments")
    .description(
      "Compares entries between two revisions, or what an app sees between two environments. " +
        "+ is new, - is gone, ~ is another value.",
    )
    .option("--from <revision>", "the older revision")
    .option("--to <revision>", "the newer revision")
    .option("--from-environment <environment>", "compare effective values, from here")
    .option("--to-environment <environment>", "to here")
    .option("--at <revision|time>", "environments as they were at this revision or time")
    .option("--exit-code", "exit with 1 when there are differences");
  withScope(command, "only entries");
  withExamples(command, [
    "diff --from 40 --to 42",
    "diff --from 40 --to 42 --app payments --environment production",
    "diff --from-environment staging --to-environment production --app payments",
    "diff --from-environment staging --to-environment production --app payments --exit-code --json",
  ]);
  command.action(runs(registration, command, diff));
};
