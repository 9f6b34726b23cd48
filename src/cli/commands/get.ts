import {
  checkedKey,
  type Registration,
  runs,
  type ScopeOptions,
  withExamples,
  withScope,
} from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { printJson, printTable, textCell, valueColumn } from "../print.ts";
import { printableJson } from "../printable.ts";
import { scopeName } from "../scope.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import { documentShape, valueShape } from "../shapes.ts";

interface GetOptions extends ScopeOptions {
  readonly all?: boolean;
  readonly explain?: boolean;
  readonly prefix?: string;
  readonly at?: string;
}

/** A string bare where a program reads it, and quoted, with its control characters escaped, on a terminal. */
const printValue = ({ io }: Session, value: unknown): void => {
  const bare = typeof value === "string" && !io.isTerminal;
  io.stdout.write(`${bare ? value : printableJson(value, io.isTerminal ? 2 : 0)}\n`);
};

const printLayers = (session: Session, layers: (typeof valueShape)["_output"]["layers"]): void => {
  const columns = [
    { title: "LAYER" },
    valueColumn("VALUE"),
    { title: "VERSION", align: "right" },
    { title: "MERGE" },
    { title: "WON" },
  ] as const;
  const rows = (layers ?? []).map((layer) => [
    textCell(scopeName(layer.scope ?? layer)),
    printableJson(layer.value),
    textCell(layer.version),
    textCell(layer.merge),
    layer.won === true ? "yes" : "no",
  ]);
  printTable(session, columns, rows);
};

const getValue = async (session: Session, key: string, options: GetOptions): Promise<void> => {
  const { app, environment, explain } = options;
  const { body } = await sendRequest(session, {
    path: `v1/config/${encodeURIComponent(checkedKey(key))}`,
    query: { app, environment, explain },
    shape: valueShape,
  });
  if (session.json) return printJson(session, body);
  if (explain !== true) return printValue(session, body.value);
  printLayers(session, body.layers);
  session.io.stdout.write(`effective: ${printableJson(body.value)}\n`);
};

const getDocument = async (session: Session, options: GetOptions): Promise<void> => {
  const { app, environment, prefix, at } = options;
  const { body } = await sendRequest(session, {
    path: "v1/config",
    query: { app, environment, prefix, at },
    shape: documentShape,
  });
  if (session.json) return printJson(session, body);
  const rows = Object.entries(body.values).map(([key, value]) => [
    textCell(key),
    printableJson(value),
  ]);
  printTable(session, [{ title: "KEY" }, valueColumn("VALUE")], rows);
};

const get = async (
  session: Session,
  key: string | undefined,
  options: GetOptions,
): Promise<ExitCode> => {
  if ((key === undefined) !== (options.all === true)) {
    throw usageFailure("get wants either a KEY or --all.");
  }
  if (key === undefined) {
    if (options.explain === true) throw usageFailure("--explain goes with a KEY.");
    await getDocument(session, options);
  } else {
    if (options.prefix !== undefined || options.at !== undefined) {
      throw usageFailure("--prefix and --at go with --all.");
    }
    await getValue(session, key, options);
  }
  return exitCodes.ok;
};

export const addGetCommand = (registration: Registration): void => {
  const command = registration.program
    .command("get")
    .summary("read an effective value, or all of them")
    .description(
      "Reads what an app sees in an environment: the value of one key, or with --all every key. " +
        "Piped, a string prints bare; on a terminal values print as JSON.",
    )
    .argument("[key]", "the key, such as db.pool.size")
    .option("--explain", "show the layers that the value comes from, weakest first")
    .option("--all", "the whole document")
    .option("--prefix <prefix>", "with --all: only keys that begin so")
    .option("--at <revision|time>", "with --all: as it was at this revision or RFC 3339 time");
  withScope(command, "as seen by apps");
  withExamples(command, [
    "get db.pool.size --app payments --environment production",
    "get db.pool.size --app payments --environment production --explain",
    "get --all --app payments --environment production --prefix db.",
    "get --all --app payments --environment production --at 2026-01-31T12:00:00Z --json",
  ]);
  command.action(runs(registration, command, get));
};
