import { Option } from "commander";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { durationMs } from "../../duration.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson, printRemark } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { toldWebhookShape } from "../../webhook-shapes.ts";
import { printSecret } from "../../webhooks/print-secret.ts";
import { webhookPath } from "../../webhooks/webhook-path.ts";

const dayMs = 86_400_000;

const rotate = async (
  session: Session,
  id: string,
  { overlap }: { readonly overlap: number | false },
): Promise<ExitCode> => {
  const overlapSeconds = overlap === false ? 0 : overlap / 1_000;
  const { body } = await sendRequest(session, {
    method: "POST",
    path: webhookPath(id, "rotate-secret"),
    body: { overlapSeconds },
    shape: toldWebhookShape,
    shownBy: `fairlead webhooks show ${id}`,
  });
  if (session.json) {
    printJson(session, body);
    return exitCodes.ok;
  }
  printRemark(
    session,
    body.previousSecretUntil == null
      ? "The secret before counts no more."
      : `The secret before signs as well until ${body.previousSecretUntil}.`,
  );
  printSecret(session, body);
  return exitCodes.ok;
};

export const addWebhooksRotateSecretCommand = (registration: Registration): void => {
  const command = registration.program
    .command("rotate-secret")
    .summary("give a webhook another secret")
    .description(
      "Gives a webhook another secret and prints it, this once. Until the overlap is over, deliveries " +
        "are signed with both, so that the receiver can change over at any time.",
    )
    .argument("<id>", "its id, as `webhooks list` shows it")
    .addOption(
      new Option("--overlap <duration>", "for how long both sign, at most 7d")
        .argParser(durationMs)
        .default(dayMs, "1d"),
    )
    .option("--no-overlap", "have the secret of before end at once");
  withExamples(command, [
    "webhooks rotate-secret 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --overlap 3d",
    "webhooks rotate-secret 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --no-overlap",
  ]);
  command.action(runs(registration, command, rotate));
};
