import { Command, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { addApplyCommand } from "./commands/apply.ts";
import { addAppsCommand } from "./commands/apps.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addChangesCommand } from "./commands/changes.ts";
import { addDeleteCommand } from "./commands/delete.ts";
import { addDiffCommand } from "./commands/diff.ts";
import { addEdgeCommands } from "./commands/edge.ts";
import { addEnvironmentsCommand } from "./commands/environments.ts";
import { addGetCommand } from "./commands/get.ts";
import { addHistoryCommand } from "./commands/history.ts";
import { addKeysCommands } from "./commands/keys.ts";
import { addOscalCommands } from "./commands/oscal.ts";
import { addOutboxCommands } from "./commands/outbox.ts";
import { addProfilesCommands } from "./commands/profiles.ts";
import { addPublishCommand } from "./commands/publish.ts";
import { addRolesCommands } from "./commands/roles.ts";
import { addRollbackCommand } from "./commands/rollback.ts";
import { addRuntimeCommand } from "./commands/runtime.ts";
import { addSetCommand } from "./commands/set.ts";
import { addWatchCommand } from "./commands/watch.ts";
import { addWebhooksCommands } from "./commands/webhooks.ts";
import { addWhoamiCommand } from "./commands/whoami.ts";
import { type Outcome, timeoutSeconds } from "./define-command.ts";
import { exitCodeHelp, exitCodes } from "./exit-codes.ts";
import { asFailure, type Failure, usageFailure } from "./failure.ts";
import type { Io } from "./io.ts";
import { reportFailure } from "./report-failure.ts";
import { defaultTimeoutSeconds, defaultUrl } from "./session.ts";

const environmentHelp = `Environment:
  FAIRLEAD_URL         where the server is, as --url
  FAIRLEAD_API_KEY     the API key
  FAIRLEAD_PROFILE     the profile to use, as --profile
  FAIRLEAD_CONFIG_DIR  where profiles are kept (default $XDG_CONFIG_HOME/fairlead, else
                       ~/.config/fairlead)
  NO_COLOR             no colour on a terminal
  Options go before the environment, and that before the profile. Without any, a server on
  this machine is asked with the administrator's key in DATA_DIR (default .fairlead).`;

const startHelp = `Examples:
  $ fairlead set db.pool.size 20 --app payments --environment production
  $ fairlead get db.pool.size --app payments --environment production --explain
  $ fairlead apply ./config --dry-run
  $ fairlead <command> --help`;

const buildProgram = (io: Io, outcome: Outcome, usageErrors: string[]): Command => {
  const program = new Command("fairlead")
    .description("Read, change and roll back configuration on a Fairlead server.")
    .version(packageJson.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help; after a command, that command's")
    .option("--url <url>", `the server (env FAIRLEAD_URL, default ${defaultUrl})`)
    .option("--api-key <key>", "better given as env FAIRLEAD_API_KEY: others see arguments")
    .option("--profile <name>", "a stored URL and API key (env FAIRLEAD_PROFILE)")
    .option("--json", "one JSON document on standard output, for programs")
    .addOption(
      new Option("--timeout <seconds>", "longest wait for an answer, retries included")
        .argParser(timeoutSeconds)
        .default(defaultTimeoutSeconds),
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => usageErrors.push(text),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    })
    .exitOverride()
    .addHelpText("after", `\n${startHelp}\n\n${environmentHelp}\n\n${exitCodeHelp}`);
  const registration = { program, io, outcome };
  addGetCommand(registration);
  addSetCommand(registration);
  addDeleteCommand(registration);
  addApplyCommand(registration);
  addDiffCommand(registration);
  addHistoryCommand(registration);
  addChangesCommand(registration);
  addRollbackCommand(registration);
  addWatchCommand(registration);
  addEnvironmentsCommand(registration);
  addAppsCommand(registration);
  addWhoamiCommand(registration);
  addKeysCommands(registration);
  addRolesCommands(registration);
  addAuditCommand(registration);
  addOutboxCommands(registration);
  addOscalCommands(registration);
  addWebhooksCommands(registration);
  addEdgeCommands(registration);
  addPublishCommand(registration);
  addRuntimeCommand(registration);
  addProfilesCommands(registration);
  return program;
};

/** What commander says about wrong usage, as a failure; undefined after help or the version. */
const failureOf = (error: unknown, usageErrors: readonly string[]): Failure | undefined => {
  if (!(error instanceof CommanderError)) return asFailure(error);
  if (error.exitCode === 0) return undefined;
  const said = usageErrors
    .join(" ")
    .replace(/^error: /, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return usageFailure(
    error.code === "commander.help" ? "A command is wanted; --help lists them." : said,
  );
};

/**
 * Runs the command line `argv` (without node and script) against the world `io`.
 * Never throws; what went wrong is on `io.stderr` and in the exit code, listed in exit-codes.ts.
 */
export const runCli = async (argv: readonly string[], io: Io): Promise<number> => {
  const outcome: Outcome = { exitCode: exitCodes.ok };
  const usageErrors: string[] = [];
  try {
    const program = buildProgram(io, outcome, usageErrors);
    await program.parseAsync(argv, { from: "user" });
    return outcome.exitCode;
  } catch (error) {
    const failure = failureOf(error, usageErrors);
    if (failure === undefined) return exitCodes.ok;
    const options = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
    reportFailure(io, failure, options.includes("--json"));
    return failure.exitCode;
  }
};
