import { type Registration, repeatable, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import { printJson, printRemark } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { toldWebhookShape } from "../../webhook-shapes.ts";
import { printSecret } from "../../webhooks/print-secret.ts";
import {
  type ContentOptions,
  contentMembers,
  parseHeaders,
  withContent,
} from "../../webhooks/webhook-options.ts";

interface CreateOptions extends ContentOptions {
  readonly header?: readonly string[];
  readonly disabled?: boolean;
}

const create = async (
  session: Session,
  url: string,
  { disabled, header, ...options }: CreateOptions,
): Promise<ExitCode> => {
  if (options.events === undefined) {
    throw usageFailure("webhooks create wants --events: --events 'dev.fairlead.*' takes all.");
  }
  const { body } = await sendRequest(session, {
    method: "POST",
    path: "v1/webhooks",
    body: {
      url,
      ...contentMembers(options),
      ...(header === undefined ? {} : { headers: parseHeaders(header) }),
      ...(disabled === true ? { enabled: false } : {}),
    },
    shape: toldWebhookShape,
    shownBy: "fairlead webhooks list",
  });
  if (session.json) {
    printJson(session, body);
    return exitCodes.ok;
  }
  printRemark(session, `Created the webhook ${body.id} for ${body.url}`);
  printSecret(session, body);
  printRemark(session, `\`fairlead webhooks test ${body.id}\` sends it a test event.`);
  return exitCodes.ok;
};

export const addWebhooksCreateCommand = (registration: Registration): void => {
  const command = registration.program
    .command("create")
    .summary("have a URL called when something happens")
    .description(
      "Makes a webhook and prints its secret, this once. The webhook is told what your key may read " +
        "at that time, for as long as the key counts.",
    )
    .argument("<url>", "where events are sent, https");
  withContent(command)
    .addOption(repeatable("--header <name=value>", "sent along; others see arguments; repeatable"))
    .option("--disabled", "do not send anything yet");
  withExamples(command, [
    "webhooks create https://example.org/hook --events 'dev.fairlead.change.*' --app payments",
    "webhooks create https://hooks.slack.com/services/… --events 'dev.fairlead.*' --format slack",
  ]);
  command.action(runs(registration, command, create));
};
