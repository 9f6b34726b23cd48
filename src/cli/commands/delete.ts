import { commitOperation } from "../commit-operation.ts";
import {
  checkedKey,
  expectedVersionOption,
  type Registration,
  runs,
  type ScopeOptions,
  type WriteOptions,
  withExamples,
  withScope,
  withWriteOptions,
} from "../define-command.ts";
import type { ExitCode } from "../exit-codes.ts";
import { scopeMembers } from "../scope.ts";
import type { Session } from "../session.ts";

interface DeleteOptions extends ScopeOptions, WriteOptions {
  readonly expectedVersion?: number;
}

const deleteKey = async (
  session: Session,
  key: string,
  options: DeleteOptions,
): Promise<ExitCode> => {
  const { expectedVersion } = options;
  return commitOperation(session, options, `Delete ${key}`, {
    op: "delete",
    kind: "config",
    ...scopeMembers(options),
    key: checkedKey(key),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
  });
};

export const addDeleteCommand = (registration: Registration): void => {
  const command = registration.program
    .command("delete")
    .summary("delete one key from a layer")
    .description(
      "Deletes one key from one layer; a weaker layer's value may come to light. Its history stays.",
    )
    .argument("<key>", "the key, such as db.pool.size")
    .addOption(expectedVersionOption());
  withScope(command, "in the layer");
  withWriteOptions(command);
  withExamples(command, [
    "delete legacy.url --app payments --dry-run",
    "delete legacy.url --app payments -m 'nobody reads it' --expected-version 7",
  ]);
  command.action(runs(registration, command, deleteKey));
};
