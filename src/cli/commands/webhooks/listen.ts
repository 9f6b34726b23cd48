import { InvalidArgumentError, Option } from "commander";
import {
  type Registration,
  repeatable,
  runs,
  wholeNumber,
  withExamples,
} from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import type { Session } from "../../session.ts";
import { setting } from "../../setting.ts";
import { listen } from "../../webhooks/listen.ts";
import { parseSecret } from "../../webhooks/verify-delivery.ts";
import {
  type ContentOptions,
  contentMembers,
  withSelection,
} from "../../webhooks/webhook-options.ts";

interface ListenOptions extends ContentOptions {
  readonly port: number;
  readonly secret?: readonly string[];
  readonly create?: boolean;
  readonly failWith?: number;
  readonly once?: boolean;
  readonly count?: number;
}

const portNumber = (text: string): number => {
  const port = wholeNumber(0)(text);
  if (port > 65_535) throw new InvalidArgumentError("It must be a port: 0 to 65535.");
  return port;
};

const failureStatus = (text: string): number => {
  if (!/^[345]\d\d$/.test(text)) throw new InvalidArgumentError("It must be from 300 to 599.");
  return Number(text);
};

const secretsOf = (session: Session, given: readonly string[] | undefined): Uint8Array[] => {
  const fromEnvironment = setting(session.io, "FAIRLEAD_WEBHOOK_SECRET");
  const texts = given ?? (fromEnvironment === undefined ? [] : [fromEnvironment]);
  return texts.map(parseSecret);
};

const listenCommand = async (session: Session, options: ListenOptions): Promise<ExitCode> => {
  const { count, create = false, failWith, once, port, secret, ...selection } = options;
  const members = contentMembers(selection);
  if (create !== (selection.events !== undefined)) {
    throw usageFailure("webhooks listen takes --create and --events together, or neither.");
  }
  if (!create && Object.keys(members).length > 0) {
    throw usageFailure("--app, --environment, --prefix, --payload and --format go with --create.");
  }
  await listen(session, {
    port,
    secrets: create ? [] : secretsOf(session, secret),
    failWith,
    count: once === true ? 1 : (count ?? Number.POSITIVE_INFINITY),
    webhook: create ? members : undefined,
  });
  return exitCodes.ok;
};

export const addWebhooksListenCommand = (registration: Registration): void => {
  const command = registration.program
    .command("listen")
    .summary("receive deliveries on this machine and print them")
    .description(
      "Opens a receiver on loopback, verifies signatures where it knows the secret, and prints what " +
        "arrives until it is interrupted; what is not verified is answered with 401. With --create it " +
        "has a webhook for its own address for as long as it runs: the server must be on this machine " +
        "and be started with WEBHOOK_ALLOW_PRIVATE=127.0.0.0/8. With --json each delivery is a line.",
    )
    .addOption(
      new Option("--port <port>", "the port to listen on")
        .argParser(portNumber)
        .default(0, "any that is free"),
    )
    .addOption(
      repeatable(
        "--secret <whsec>",
        "verify with this; better given as env FAIRLEAD_WEBHOOK_SECRET; repeatable",
      ).conflicts("create"),
    )
    .option("--create", "make a webhook for this, with --events, and delete it at the end");
  withSelection(command)
    .option("--fail-with <status>", "answer with this status in place of 200", failureStatus)
    .option("--once", "end after one delivery")
    .addOption(
      new Option("--count <n>", "end after so many deliveries")
        .argParser(wholeNumber(1))
        .conflicts("once"),
    );
  withExamples(command, [
    "webhooks listen --create --events 'dev.fairlead.*'",
    "webhooks listen --create --events 'dev.fairlead.change.*' --app payments --payload full",
    "webhooks listen --port 9000 --fail-with 500 --count 3",
  ]);
  command.action(runs(registration, command, listenCommand));
};
