import { nothingShape } from "../../access-shapes.ts";
import { confirm, isInteractive } from "../../confirm.ts";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import { printJson, printLine, printRemark } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { readWebhook } from "../../webhooks/read-webhook.ts";
import { webhookPath } from "../../webhooks/webhook-path.ts";

const isConsented = async (session: Session, id: string, yes: boolean): Promise<boolean> => {
  if (yes) return true;
  if (session.json || !isInteractive(session.io)) {
    throw usageFailure("What the webhook is still owed goes with it: say --yes to delete it.");
  }
  const { url } = await readWebhook(session, id);
  return confirm(session.io, `Delete the webhook ${id} (${url}) with its deliveries?`);
};

const deleteWebhook = async (
  session: Session,
  id: string,
  { yes = false }: { readonly yes?: boolean },
): Promise<ExitCode> => {
  const path = webhookPath(id);
  if (!(await isConsented(session, id, yes))) {
    printRemark(session, "Nothing was deleted.");
    return exitCodes.failure;
  }
  await sendRequest(session, {
    method: "DELETE",
    path,
    shape: nothingShape,
    shownBy: "fairlead webhooks list",
  });
  if (session.json) printJson(session, { id, deleted: true });
  else printLine(session, `Deleted the webhook ${id}.`);
  return exitCodes.ok;
};

export const addWebhooksDeleteCommand = (registration: Registration): void => {
  const command = registration.program
    .command("delete")
    .summary("delete a webhook with its deliveries")
    .description("Deletes a webhook and all that it was or is to be sent.")
    .argument("<id>", "its id, as `webhooks list` shows it")
    .option("-y, --yes", "do not ask");
  withExamples(command, ["webhooks delete 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --yes"]);
  command.action(runs(registration, command, deleteWebhook));
};
