import { Option } from "commander";
import { confirm, isInteractive } from "../confirm.ts";
import {
  checkedKey,
  type Registration,
  runs,
  type ScopeOptions,
  type WriteOptions,
  wholeNumber,
  withExamples,
  withScope,
  withWriteOptions,
  writeMembers,
} from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { printJson, printRemark } from "../print.ts";
import { reportChange } from "../report-change.ts";
import { scopeMembers, scopeName } from "../scope.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import { changeResultShape } from "../shapes.ts";

interface RollbackOptions extends ScopeOptions, WriteOptions {
  readonly toRevision?: number;
  readonly toVersion?: number;
  readonly yes?: boolean;
}

interface Target {
  readonly members: Readonly<Record<string, unknown>>;
  readonly message: string;
  readonly wholeDeployment: boolean;
}

const targetOf = (key: string | undefined, options: RollbackOptions): Target => {
  const { toRevision, toVersion } = options;
  const place = scopeMembers(options);
  const unscoped = Object.keys(place).length === 0;
  if (key !== undefined && toVersion !== undefined && toRevision === undefined) {
    return {
      members: { kind: "config", ...place, key: checkedKey(key), toVersion },
      message: `Roll back ${key} (${scopeName(place)}) to version ${toVersion}`,
      wholeDeployment: false,
    };
  }
  if (key === undefined && toRevision !== undefined && toVersion === undefined) {
    const what = unscoped ? "the whole deployment" : scopeName(place);
    return {
      members: { ...place, toRevision },
      message: `Roll back ${what} to revision ${toRevision}`,
      wholeDeployment: unscoped,
    };
  }
  throw usageFailure("rollback wants either KEY --to-version N or --to-revision N.");
};

/** Nobody rolls back everything by leaving out an option. */
const isConsented = async (session: Session, target: Target, options: RollbackOptions) => {
  if (!target.wholeDeployment || options.dryRun === true || options.yes === true) return true;
  if (session.json || !isInteractive(session.io)) {
    throw usageFailure(
      "Without --app or --environment this rolls back the whole deployment: name a scope, or say --yes.",
    );
  }
  return confirm(session.io, `${target.message}, every app and environment?`);
};

const rollback = async (
  session: Session,
  key: string | undefined,
  options: RollbackOptions,
): Promise<ExitCode> => {
  const target = targetOf(key, options);
  if (!(await isConsented(session, target, options))) {
    printRemark(session, "Nothing was rolled back.");
    return exitCodes.failure;
  }
  const { body } = await sendRequest(session, {
    method: "POST",
    path: "v1/rollback",
    body: { ...target.members, ...writeMembers(options, target.message) },
    shape: changeResultShape,
  });
  if (session.json) printJson(session, body);
  else reportChange(session, body, options.dryRun === true);
  return exitCodes.ok;
};

export const addRollbackCommand = (registration: Registration): void => {
  const command = registration.program
    .command("rollback")
    .summary("bring back an earlier state as a new change")
    .description(
      "Brings back the state of an earlier revision (of one scope, or of the whole deployment), or " +
        "an earlier version of one key. It is a new change set: history is kept.",
    )
    .argument("[key]", "with --to-version: the key")
    .addOption(
      new Option("--to-revision <n>", "the state after this revision").argParser(wholeNumber(0)),
    )
    .addOption(
      new Option("--to-version <n>", "the value of this version of KEY").argParser(wholeNumber(1)),
    )
    .option("-y, --yes", "do not ask before the whole deployment is rolled back");
  withScope(command, "in the layer");
  withWriteOptions(command);
  withExamples(command, [
    "rollback --to-revision 40 --app payments --environment production --dry-run",
    "rollback --to-revision 40 --app payments --environment production",
    "rollback db.pool.size --to-version 3 --app payments --environment production",
    "rollback --to-revision 40 --yes -m 'undo the import'",
  ]);
  command.action(runs(registration, command, rollback));
};
