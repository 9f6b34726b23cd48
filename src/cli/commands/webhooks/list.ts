import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { listItems } from "../../list-items.ts";
import { printJson, printTable, textCell } from "../../print.ts";
import type { Session } from "../../session.ts";
import { webhookShape } from "../../webhook-shapes.ts";
import { webhookScope, webhookState } from "../../webhooks/webhook-state.ts";

const columns = [
  { title: "ID" },
  { title: "STATE" },
  { title: "SCOPE" },
  { title: "EVENTS", minimumWidth: 10 },
  { title: "FORMAT" },
  { title: "URL", minimumWidth: 10 },
] as const;

const list = async (session: Session): Promise<ExitCode> => {
  const { items } = await listItems(session, { path: "v1/webhooks", item: webhookShape });
  if (session.json) {
    printJson(session, { items });
    return exitCodes.ok;
  }
  const rows = items.map((webhook) => [
    textCell(webhook.id),
    textCell(webhookState(webhook)),
    textCell(webhookScope(webhook)),
    textCell(webhook.events.join(",")),
    textCell(webhook.format),
    textCell(webhook.url),
  ]);
  printTable(session, columns, rows);
  return exitCodes.ok;
};

export const addWebhooksListCommand = (registration: Registration): void => {
  const command = registration.program
    .command("list")
    .summary("list webhooks")
    .description("Lists the webhooks that your key may see, newest first.");
  withExamples(command, ["webhooks list", "webhooks list --json"]);
  command.action(runs(registration, command, list));
};
