import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { printJson } from "../../print.ts";
import { printMembers } from "../../print-members.ts";
import type { Session } from "../../session.ts";
import { readWebhook } from "../../webhooks/read-webhook.ts";
import { webhookScope, webhookState } from "../../webhooks/webhook-state.ts";

/** Absent and empty alike: nothing to show. */
const orNothing = (text: string | null | undefined): string | undefined => text || undefined;

const show = async (session: Session, id: string): Promise<ExitCode> => {
  const webhook = await readWebhook(session, id);
  if (session.json) {
    printJson(session, webhook);
    return exitCodes.ok;
  }
  const headers = Object.entries(webhook.headers).map(([name, value]) => `${name}: ${value}`);
  printMembers(session, [
    ["id", webhook.id],
    ["url", webhook.url],
    ["state", webhookState(webhook)],
    ["disabled", orNothing(webhook.disabledAt)],
    ["events", webhook.events],
    ["scope", webhookScope(webhook)],
    ["prefix", orNothing(webhook.prefix)],
    ["payload", orNothing(webhook.payload)],
    ["format", orNothing(webhook.format)],
    ["headers", headers.length === 0 ? undefined : headers],
    ["signatures", webhook.signatures.join(", ")],
    ["public key", orNothing(webhook.publicKey)],
    ["old secret until", orNothing(webhook.previousSecretUntil)],
    ["owner", orNothing(webhook.owner)],
    ["created", orNothing(webhook.createdAt)],
    ["changed", orNothing(webhook.updatedAt)],
    ["description", orNothing(webhook.description)],
  ]);
  return exitCodes.ok;
};

export const addWebhooksShowCommand = (registration: Registration): void => {
  const command = registration.program
    .command("show")
    .summary("show one webhook")
    .description("Shows a webhook: all but its secret and the values of its headers.")
    .argument("<id>", "its id, as `webhooks list` shows it");
  withExamples(command, ["webhooks show 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11"]);
  command.action(runs(registration, command, show));
};
