import { type Registration, withExamples } from "../define-command.ts";
import { addWebhooksCreateCommand } from "./webhooks/create.ts";
import { addWebhooksDeleteCommand } from "./webhooks/delete.ts";
import { addWebhooksDeliveriesCommand } from "./webhooks/deliveries.ts";
import { addWebhooksListCommand } from "./webhooks/list.ts";
import { addWebhooksListenCommand } from "./webhooks/listen.ts";
import { addWebhooksRedeliverCommand } from "./webhooks/redeliver.ts";
import { addWebhooksRotateSecretCommand } from "./webhooks/rotate-secret.ts";
import { addWebhooksShowCommand } from "./webhooks/show.ts";
import { addWebhooksTestCommand } from "./webhooks/test.ts";
import { addWebhooksUpdateCommand } from "./webhooks/update.ts";

export const addWebhooksCommands = (registration: Registration): void => {
  const program = registration.program
    .command("webhooks")
    .summary("have URLs called when something happens, and see how it goes")
    .description("Makes, lists, changes and tests webhooks, and shows what they were sent.");
  withExamples(program, ["webhooks list", "webhooks listen --create --events 'dev.fairlead.*'"]);
  const under = { ...registration, program };
  addWebhooksCreateCommand(under);
  addWebhooksListCommand(under);
  addWebhooksShowCommand(under);
  addWebhooksUpdateCommand(under);
  addWebhooksDeleteCommand(under);
  addWebhooksTestCommand(under);
  addWebhooksDeliveriesCommand(under);
  addWebhooksRedeliverCommand(under);
  addWebhooksRotateSecretCommand(under);
  addWebhooksListenCommand(under);
};
