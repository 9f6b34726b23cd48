import { hostname } from "node:os";
import { InvalidArgumentError, Option } from "commander";
import {
  type Registration,
  repeatable,
  runs,
  wholeNumber,
  withExamples,
} from "../define-command.ts";
import type { ExitCode } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { printRemark } from "../print.ts";
import { readPlugins } from "../runtime/plugins.ts";
import { runRuntime } from "../runtime/run-runtime.ts";
import type { Session } from "../session.ts";

interface CommandOptions {
  readonly id: string;
  readonly limit: number;
  readonly lease: number;
  readonly concurrency: number;
  readonly label?: readonly string[];
  readonly plugins?: string;
  readonly once?: boolean;
  readonly verify: boolean;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const runtimeName = (text: string): string => {
  if (!namePattern.test(text)) {
    throw new InvalidArgumentError(
      "It has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit.",
    );
  }
  return text;
};

const numberBetween =
  (least: number, most: number) =>
  (text: string): number => {
    const value = wholeNumber(least)(text);
    if (value > most) throw new InvalidArgumentError(`It must be at most ${most}.`);
    return value;
  };

const labelsOf = (given: readonly string[]): Record<string, string> => {
  const labels = new Map<string, string>();
  for (const text of given) {
    const at = text.indexOf("=");
    if (at < 1) throw usageFailure(`--label ${text}: write it as name=value.`);
    labels.set(text.slice(0, at), text.slice(at + 1));
  }
  return Object.fromEntries(labels);
};

const runRuntimeCommand = async (session: Session, options: CommandOptions): Promise<ExitCode> => {
  const { concurrency, id, label, lease, limit, once = false, plugins: path, verify } = options;
  const plugins = path === undefined ? new Map() : await readPlugins(session.io.cwd, path);
  if (plugins.size === 0) {
    printRemark(session, "Without --plugins nothing can be run: every result will be an error.");
  }
  const labels = label === undefined ? undefined : labelsOf(label);
  const leaseSeconds = lease;
  return runRuntime(session, {
    id,
    limit,
    leaseSeconds,
    labels,
    concurrency,
    once,
    verify,
    plugins,
  });
};

export const addRuntimeCommand = (registration: Registration): void => {
  const command = registration.program
    .command("runtime")
    .summary("lease job specs, run them and report the results")
    .description(
      "The reference runtime: leases job specs, runs each as a local command, reports what came of " +
        "it, and drops what was taken from it. It goes on until it is interrupted; then it ends what " +
        "runs and gives back what it holds.",
    )
    .addOption(
      new Option("--id <name>", "the runtime's name (default: the name of this machine)")
        .argParser(runtimeName)
        .default(hostname().replaceAll(/[^A-Za-z0-9._-]/g, "-"), "the name of this machine"),
    )
    .option("-n, --limit <n>", "most job specs to hold", numberBetween(1, 1_000), 10)
    .option("--lease <seconds>", "how long a lease lasts", numberBetween(5, 3_600), 60)
    .option("--concurrency <n>", "most commands at a time", numberBetween(1, 256), 2)
    .addOption(repeatable("--label <name=value>", "only specs with this label; may be repeated"))
    .option("--plugins <file>", "the commands, by plugin (JSON or YAML)")
    .option("--once", "end when nothing is left to be run")
    .option("--verify", "run only what the server has signed (default)", true)
    .option("--no-verify", "run what is not signed, too");
  withExamples(command, [
    "runtime --id scanner-1 --plugins plugins.json",
    "runtime --id scanner-1 --plugins plugins.json --label os=linux --limit 50 --concurrency 8",
    "runtime --id nightly --plugins plugins.json --once",
  ]);
  command.action(runs(registration, command, runRuntimeCommand));
};
