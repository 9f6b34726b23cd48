import { Option } from "commander";
import { type Registration, runs, wholeNumber, withExamples } from "../../define-command.ts";
import { timestamp } from "../../duration.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import { printJson, printLine } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { redeliveredShape } from "../../webhook-shapes.ts";
import { checkedId, webhookPath } from "../../webhooks/webhook-path.ts";

interface RedeliverOptions {
  readonly delivery?: string;
  readonly sinceRevision?: number;
  readonly since?: string;
}

/** The one thing that says what to send again. */
const wanted = (id: string, { delivery, since, sinceRevision }: RedeliverOptions): object => {
  const given = [
    ...(delivery === undefined
      ? []
      : [{ deliveryId: checkedId(delivery, `webhooks deliveries ${id}`) }]),
    ...(sinceRevision === undefined ? [] : [{ sinceRevision }]),
    ...(since === undefined ? [] : [{ since }]),
  ];
  const [one] = given;
  if (one === undefined || given.length > 1) {
    throw usageFailure("webhooks redeliver wants one of --delivery, --since-revision and --since.");
  }
  return one;
};

const redeliver = async (
  session: Session,
  id: string,
  options: RedeliverOptions,
): Promise<ExitCode> => {
  const { body } = await sendRequest(session, {
    method: "POST",
    path: webhookPath(id, "redeliver"),
    body: wanted(id, options),
    shape: redeliveredShape,
    shownBy: `fairlead webhooks deliveries ${id}`,
  });
  if (session.json) printJson(session, body);
  else if (body.redelivered === 1) printLine(session, "1 delivery is sent again.");
  else printLine(session, `${body.redelivered} deliveries are sent again.`);
  return exitCodes.ok;
};

export const addWebhooksRedeliverCommand = (registration: Registration): void => {
  const command = registration.program
    .command("redeliver")
    .summary("send deliveries again")
    .description(
      "Sends deliveries again as if they were new, with the ids of before and in their order: one, or " +
        "all that are kept from a revision or a time on.",
    )
    .argument("<id>", "the webhook's id, as `webhooks list` shows it")
    .option("--delivery <id>", "this one, as `webhooks deliveries` shows it")
    .option("--since-revision <n>", "those of this revision or later", wholeNumber(0))
    .addOption(
      new Option("--since <time>", "those made at this RFC 3339 time or later").argParser(
        timestamp,
      ),
    );
  withExamples(command, [
    "webhooks redeliver 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --since-revision 40",
    "webhooks redeliver 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --since 2026-11-20T00:00:00Z",
  ]);
  command.action(runs(registration, command, redeliver));
};
