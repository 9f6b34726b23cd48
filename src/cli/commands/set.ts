import { Option } from "commander";
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
import { usageFailure } from "../failure.ts";
import { parseValue, type ValueType, valueTypes } from "../parse-value.ts";
import { printRemark } from "../print.ts";
import { readDocumentFile } from "../read-document-file.ts";
import { readStandardInput } from "../read-standard-input.ts";
import { scopeMembers } from "../scope.ts";
import type { Session } from "../session.ts";

interface SetOptions extends ScopeOptions, WriteOptions {
  readonly type?: ValueType;
  readonly schema?: string;
  readonly description?: string;
  readonly merge?: "deep" | "replace";
  readonly expectedVersion?: number;
}

const readSchema = async (session: Session, path: string) => {
  const documents = await readDocumentFile(session.io.cwd, path);
  const [schema] = documents;
  if (schema === undefined || documents.length > 1) {
    throw usageFailure(`${path} must hold exactly one document, the schema.`);
  }
  return schema;
};

const set = async (
  session: Session,
  key: string,
  text: string,
  options: SetOptions,
): Promise<ExitCode> => {
  const { description, merge, expectedVersion } = options;
  const source = text === "-" ? await readStandardInput(session.io) : text;
  const { value, remark } = parseValue(source, options.type);
  if (remark !== undefined) printRemark(session, `warning: ${remark}`);
  return commitOperation(session, options, `Set ${key}`, {
    op: "put",
    kind: "config",
    ...scopeMembers(options),
    key: checkedKey(key),
    value,
    ...(options.schema === undefined ? {} : { schema: await readSchema(session, options.schema) }),
    ...(description === undefined ? {} : { description }),
    ...(merge === undefined ? {} : { merge }),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
  });
};

export const addSetCommand = (registration: Registration): void => {
  const command = registration.program
    .command("set")
    .summary("set one key")
    .description(
      "Sets one key in one layer. VALUE is JSON where it reads as JSON (20, true, '{\"a\": 1}'), " +
        "else a string. A number that would have to be rounded is refused. After -- a VALUE may " +
        "begin with a dash.",
    )
    .argument("<key>", "the key, such as db.pool.size")
    .argument("<value>", "the value; - reads standard input, without its last line break")
    .addOption(
      new Option("-t, --type <type>", "what VALUE must be; string takes it as it stands").choices(
        valueTypes,
      ),
    )
    .option("--schema <file>", "JSON Schema (2020-12) for the key's effective values")
    .option("--description <text>", "what the key is for")
    .addOption(
      new Option("--merge <how>", "how an object meets the weaker layers' value").choices([
        "deep",
        "replace",
      ]),
    )
    .addOption(expectedVersionOption());
  withScope(command, "in the layer");
  withWriteOptions(command);
  withExamples(command, [
    "set db.pool.size 20 --app payments --environment production -m 'raise the pool'",
    "set build.number 0042 --type string",
    "set http.retry '{\"attempts\": 3}' --merge deep --app payments",
    "set tls.certificate - --type string --app gateway < certificate.pem",
    "set db.pool.size 25 --expected-version 3 --dry-run --app payments",
  ]);
  command.action(runs(registration, command, set));
};
