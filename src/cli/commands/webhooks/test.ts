import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson, printLine, printRemark } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { sentTestShape } from "../../webhook-shapes.ts";
import { webhookPath } from "../../webhooks/webhook-path.ts";

const sendTest = async (session: Session, id: string): Promise<ExitCode> => {
  const { body } = await sendRequest(session, {
    method: "POST",
    path: webhookPath(id, "test"),
    shape: sentTestShape,
    shownBy: `fairlead webhooks deliveries ${id}`,
  });
  if (session.json) {
    printJson(session, body);
    return exitCodes.ok;
  }
  printLine(session, `The delivery ${body.deliveryId} is under way.`);
  printRemark(
    session,
    `\`fairlead webhooks deliveries ${id} ${body.deliveryId}\` shows how it went.`,
  );
  return exitCodes.ok;
};

export const addWebhooksTestCommand = (registration: Registration): void => {
  const command = registration.program
    .command("test")
    .summary("send a webhook a test event")
    .description(
      "Sends a webhook an event of type dev.fairlead.webhook.test.v1, whatever its types of events.",
    )
    .argument("<id>", "its id, as `webhooks list` shows it");
  withExamples(command, ["webhooks test 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11"]);
  command.action(runs(registration, command, sendTest));
};
