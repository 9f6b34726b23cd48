import { Option } from "commander";
import { newApiKeyShape } from "../../access-shapes.ts";
import { type Registration, repeatable, runs, withExamples } from "../../define-command.ts";
import { durationMs, timestamp } from "../../duration.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { formatGrant } from "../../grants/format-grant.ts";
import { grantTexts, timeText } from "../../key-members.ts";
import { namePlaces } from "../../name-places.ts";
import { printJson, printLine, printRemark } from "../../print.ts";
import { checkedProfileName } from "../../profiles/profiles.ts";
import { requireStorable, storeProfile } from "../../profiles/store-profile.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { type CreateOptions, keyRequest } from "./key-request.ts";

const send = async (session: Session, name: string, options: CreateOptions) => {
  const request = keyRequest(name, options, (session.io.now ?? Date.now)());
  try {
    const { body } = await sendRequest(session, {
      method: "POST",
      path: "v1/api-keys",
      body: request,
      shape: newApiKeyShape,
      shownBy: "fairlead keys list",
    });
    return body;
  } catch (error) {
    const labels = request.grants.map((grant) => `grant ${formatGrant(grant)}`);
    throw namePlaces(error, "grants", labels);
  }
};

/** The key alone goes to standard output, so that a pipe gets it bare; what is about it does not. */
const printKey = (session: Session, created: Awaited<ReturnType<typeof send>>): void => {
  if (session.json) return printJson(session, created);
  const { id, name, key, expiresAt } = created;
  printRemark(session, `Created the API key ${id} (${name ?? "-"}).`);
  printRemark(session, `It expires: ${timeText(expiresAt)}. Its grants:`);
  for (const grant of grantTexts(created)) printRemark(session, `  ${grant}`);
  printRemark(session, "Keep it now: it is shown this once.");
  printRemark(session, "");
  printLine(session, key);
  printRemark(session, "");
};

const save = async (session: Session, profile: string, apiKey: string): Promise<void> => {
  try {
    await storeProfile(session.io, { name: profile, url: session.url.href, apiKey }, false);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      exitCodes.failure,
      {
        title: "The key was created, but not stored as a profile",
        detail: reason,
        code: "NOT_STORED",
      },
      { hint: `Keep the key above; \`fairlead profiles add ${profile}\` stores it.`, cause: error },
    );
  }
  printRemark(session, `Stored the profile ${profile}.`);
};

const create = async (
  session: Session,
  name: string,
  options: CreateOptions,
): Promise<ExitCode> => {
  const { saveProfile } = options;
  if (saveProfile !== undefined) {
    await requireStorable(session.io, checkedProfileName(saveProfile), false);
  }
  const created = await send(session, name, options);
  printKey(session, created);
  if (saveProfile !== undefined) await save(session, saveProfile, created.key);
  return exitCodes.ok;
};

export const addKeysCreateCommand = (registration: Registration): void => {
  const command = registration.program
    .command("create")
    .summary("create an API key")
    .description(
      "Creates an API key and prints it, this once. What it may do comes from --role, for one role in " +
        "one place, or from any number of grants, written as [deny:]ROLE[:APP[/ENVIRONMENT[/KEYS]]][@KINDS]. " +
        "APP, ENVIRONMENT and KEYS are names with * for any run of characters; KEYS and KINDS take " +
        "commas. What is left out, or written as **, stands for every one. A deny wins.",
    )
    .argument("<name>", "what the key is for")
    .option("--role <role>", "grant this role")
    .option("-a, --app <pattern>", "with --role: in apps of this name")
    .option("-e, --environment <pattern>", "with --role: in environments of this name")
    .addOption(repeatable("--kind <kind>", "with --role: for this kind of entry; repeatable"))
    .addOption(repeatable("--key-pattern <pattern>", "with --role: for these keys; repeatable"))
    .addOption(repeatable("--grant <grant>", "grant this; repeatable"))
    .option("--default-app <app>", "the app of requests that name none")
    .option("--default-environment <environment>", "the environment of requests that name none")
    .addOption(new Option("--expires-at <time>", "RFC 3339 time").argParser(timestamp))
    .addOption(
      new Option("--expires-in <duration>", "such as 30d, 12h or 90m")
        .argParser(durationMs)
        .conflicts("expiresAt"),
    )
    .option("--save-profile <name>", "also store the key with the server's URL as this profile");
  withExamples(command, [
    "keys create payments-app --role viewer --app payments --environment production --expires-in 90d",
    "keys create deploy --grant 'editor:payments/*' --grant 'deny:editor:payments/production/db.*'",
    "keys create admin-laptop --role admin --save-profile production",
  ]);
  command.action(runs(registration, command, create));
};
