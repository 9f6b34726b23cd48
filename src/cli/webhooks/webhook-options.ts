import { type Command, Option } from "commander";
import { formats, payloads, signatureKinds } from "../../webhooks/webhook.ts";
import { repeatable, type ScopeOptions } from "../define-command.ts";
import { usageFailure } from "../failure.ts";
import { scopeMembers } from "../scope.ts";

/** What `create` and `update` say of a webhook alike. */
export interface ContentOptions extends ScopeOptions {
  readonly events?: readonly string[];
  readonly prefix?: string;
  readonly payload?: string;
  readonly format?: string;
  readonly description?: string;
  readonly signature?: readonly string[];
}

/** Which events, of what, and how they are told. */
export const withSelection = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--events <types>",
        "types of events, in which * stands for any characters; repeatable, or with commas",
      ).argParser<readonly string[] | undefined>((text, before) => [
        ...(before ?? []),
        ...text.split(",").map((type) => type.trim()),
      ]),
    )
    .option("-a, --app <app>", "only what concerns this app")
    .option("-e, --environment <environment>", "only what concerns this environment")
    .option("--prefix <prefix>", "only keys that begin so")
    .addOption(new Option("--payload <payload>", "what events say").choices(payloads))
    .addOption(new Option("--format <format>", "how they say it").choices(formats));

/** All that can be said of a webhook but its URL and its headers. */
export const withContent = (command: Command): Command =>
  withSelection(command)
    .option("--description <text>", "what it is for")
    .addOption(
      repeatable("--signature <kind>", `${signatureKinds.join(" or ")}; repeatable (default: v1)`),
    );

/** The members of a request; what was not said is absent. */
export const contentMembers = (options: ContentOptions) => {
  const { description, events, format, payload, prefix, signature } = options;
  const given = { events, prefix, payload, format, description, signatures: signature };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...scopeMembers(options),
  };
};

/** Headers as `--header name=value` gives them. */
export const parseHeaders = (given: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf("=");
      // The message never repeats the text: it may be a credential.
      if (at < 1) throw usageFailure("Write a header as --header name=value.");
      return [text.slice(0, at).toLowerCase(), text.slice(at + 1)];
    }),
  );
