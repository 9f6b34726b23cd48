import { Option } from "commander";
import { deliveryStates } from "../../../webhooks/deliveries/delivery.ts";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { timestamp } from "../../duration.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { defaultLimit, limitOption, printMore } from "../../limit-option.ts";
import { listItems } from "../../list-items.ts";
import { printJson, printTable, textCell } from "../../print.ts";
import type { Session } from "../../session.ts";
import { deliveryShape } from "../../webhook-shapes.ts";
import { showDelivery } from "../../webhooks/show-delivery.ts";
import { webhookPath } from "../../webhooks/webhook-path.ts";

interface DeliveriesOptions {
  readonly state?: string;
  readonly eventType?: string;
  readonly since?: string;
  readonly limit?: number;
}

const columns = [
  { title: "ID" },
  { title: "EVENT", minimumWidth: 10 },
  { title: "REVISION", align: "right" },
  { title: "STATE" },
  { title: "ATTEMPTS", align: "right" },
  { title: "STATUS", align: "right" },
  { title: "NEXT ATTEMPT" },
  { title: "ERROR", minimumWidth: 10 },
] as const;

const deliveries = async (
  session: Session,
  id: string,
  delivery: string | undefined,
  { limit = defaultLimit, ...query }: DeliveriesOptions,
): Promise<ExitCode> => {
  if (delivery !== undefined) return showDelivery(session, id, delivery);
  const { items, more } = await listItems(session, {
    path: webhookPath(id, "deliveries"),
    query: { ...query },
    item: deliveryShape,
    limit,
  });
  if (session.json) {
    printJson(session, { items, ...(more ? { more } : {}) });
    return exitCodes.ok;
  }
  const rows = items.map((one) => [
    textCell(one.id),
    textCell(one.eventType),
    textCell(one.revision),
    textCell(one.state),
    textCell(one.attempts),
    textCell(one.status),
    textCell(one.nextAttemptAt),
    textCell(one.error),
  ]);
  printTable(session, columns, rows);
  printMore(session, more);
  return exitCodes.ok;
};

export const addWebhooksDeliveriesCommand = (registration: Registration): void => {
  const command = registration.program
    .command("deliveries")
    .summary("what a webhook was and is to be sent")
    .description("Lists a webhook's deliveries, newest first, or shows one with its body.")
    .argument("<id>", "the webhook's id, as `webhooks list` shows it")
    .argument("[delivery]", "the id of one delivery: the `webhook-id` that its receiver sees")
    .addOption(new Option("--state <state>", "only those in this state").choices(deliveryStates))
    .option("--event-type <type>", "only those of this type")
    .addOption(
      new Option("--since <time>", "only those made at this RFC 3339 time or later").argParser(
        timestamp,
      ),
    )
    .addOption(limitOption("deliveries"));
  withExamples(command, [
    "webhooks deliveries 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --state parked",
    "webhooks deliveries 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 5f0c1a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b",
  ]);
  command.action(runs(registration, command, deliveries));
};
