import { Option } from "commander";
import { hiddenValue } from "../../../webhooks/webhook.ts";
import { type Registration, repeatable, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import { printJson, printLine } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { webhookShape } from "../../webhook-shapes.ts";
import { readWebhook } from "../../webhooks/read-webhook.ts";
import {
  type ContentOptions,
  contentMembers,
  parseHeaders,
  withContent,
} from "../../webhooks/webhook-options.ts";
import { webhookPath } from "../../webhooks/webhook-path.ts";
import { webhookState } from "../../webhooks/webhook-state.ts";

interface UpdateOptions extends ContentOptions {
  readonly newUrl?: string;
  readonly header?: readonly string[];
  readonly removeHeader?: readonly string[];
  readonly allApps?: boolean;
  readonly allEnvironments?: boolean;
  readonly enable?: boolean;
  readonly disable?: boolean;
}

/** The server takes headers as a whole, so those that nothing was said of are sent as they are shown. */
const headerMembers = async (
  session: Session,
  id: string,
  { header, newUrl, removeHeader = [] }: UpdateOptions,
) => {
  const isAsked = header !== undefined || removeHeader.length > 0;
  if (!isAsked && newUrl === undefined) return {};
  const given = parseHeaders(header ?? []);
  const removed = new Set(removeHeader.map((name) => name.toLowerCase()));
  const { headers, url } = await readWebhook(session, id);
  const kept = Object.keys(headers).filter(
    (name) => !removed.has(name) && !Object.hasOwn(given, name),
  );
  if (newUrl !== undefined) requireNoneKept(kept, url, newUrl);
  return isAsked
    ? { headers: { ...Object.fromEntries(kept.map((name) => [name, hiddenValue])), ...given } }
    : {};
};

/** The server sends no header's value on to another origin than that which it was given for. */
const requireNoneKept = (kept: readonly string[], url: string, newUrl: string): void => {
  const { origin } = new URL(url);
  const [first] = kept;
  // What is no URL is refused by the server.
  if (first === undefined || !URL.canParse(newUrl) || new URL(newUrl).origin === origin) return;
  throw usageFailure(
    `This webhook sends headers whose values were given for ${origin}: ${kept.join(", ")}. ` +
      `For another origin, give each of them anew (--header '${first}=VALUE') or leave it out ` +
      `(--remove-header ${first}).`,
  );
};

const update = async (session: Session, id: string, options: UpdateOptions): Promise<ExitCode> => {
  const { allApps, allEnvironments, disable, enable, newUrl } = options;
  const path = webhookPath(id);
  const patch = {
    ...(newUrl === undefined ? {} : { url: newUrl }),
    ...contentMembers(options),
    ...(allApps === true ? { app: null } : {}),
    ...(allEnvironments === true ? { environment: null } : {}),
    ...(enable === true ? { enabled: true } : {}),
    ...(disable === true ? { enabled: false } : {}),
    ...(await headerMembers(session, id, options)),
  };
  if (Object.keys(patch).length === 0) {
    throw usageFailure("webhooks update wants an option that says what to change.");
  }
  const { body } = await sendRequest(session, {
    method: "PATCH",
    path,
    body: patch,
    shape: webhookShape,
    shownBy: `fairlead webhooks show ${id}`,
  });
  if (session.json) printJson(session, body);
  else printLine(session, `Changed the webhook ${body.id}; it is ${webhookState(body)}.`);
  return exitCodes.ok;
};

export const addWebhooksUpdateCommand = (registration: Registration): void => {
  const command = registration.program
    .command("update")
    .summary("change, disable or enable a webhook")
    .description(
      "Changes what is said and leaves the rest. Its owner stays: only who may read all that the " +
        "webhook's owner may can change more than its description and whether it is enabled.",
    )
    .argument("<id>", "its id, as `webhooks list` shows it")
    .option(
      "--new-url <url>",
      "where events are sent; on another origin, headers must be given anew or removed",
    );
  withContent(command)
    .addOption(new Option("--all-apps", "what concerns any app").conflicts("app"))
    .addOption(
      new Option("--all-environments", "what concerns any environment").conflicts("environment"),
    )
    .addOption(repeatable("--header <name=value>", "sent along, beside those before; repeatable"))
    .addOption(repeatable("--remove-header <name>", "sent along no more; repeatable"))
    .option("--enable", "send again, also what has waited")
    .addOption(new Option("--disable", "send nothing until it is enabled").conflicts("enable"));
  withExamples(command, [
    "webhooks update 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --enable",
    "webhooks update 0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11 --prefix db. --payload full",
  ]);
  command.action(runs(registration, command, update));
};
