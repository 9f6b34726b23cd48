import type { Command } from "commander";
import { publicIdOf } from "../../api-key.ts";
import { type Registration, runsHere, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import type { Output } from "../../io.ts";
import { printJson, printLine, printRemark } from "../../print.ts";
import { checkedProfileName } from "../../profiles/profiles.ts";
import { requireStorable, storeProfile } from "../../profiles/store-profile.ts";
import { takeKey } from "../../profiles/take-key.ts";
import { isLoopback, parseUrl } from "../../server-address.ts";
import type { GlobalOptions } from "../../session.ts";

interface AddOptions {
  readonly fromEnv?: boolean;
  readonly replace?: boolean;
}

/** A key in the arguments has been seen already; it must not look as if that were a way. */
const refuseKeyInArguments = ({ args }: Command, { apiKey }: GlobalOptions): void => {
  if (args.length === 1 && apiKey === undefined) return;
  throw usageFailure(
    "profiles add takes a name and --url. The API key comes from standard input, never from the arguments, which others can see.",
  );
};

/** Where the server is: without what only a single request would use. */
const addressOf = ({ url }: GlobalOptions): URL => {
  if (url === undefined) throw usageFailure("profiles add wants --url <url>.");
  const address = parseUrl(url);
  address.search = "";
  address.hash = "";
  return address;
};

const remarkOn = (output: Output, name: string, url: URL, key: string): void => {
  if (url.protocol === "http:" && !isLoopback(url)) {
    printRemark(output, "The URL is http: the key will cross the network unencrypted.");
  }
  if (/^fl_[A-Za-z0-9]{16}_/.test(key) && publicIdOf(key) === undefined) {
    printRemark(output, "The key does not look whole: 50 letters and digits end one.");
  }
  printRemark(
    output,
    `\`--profile ${name}\` uses it; \`fairlead profiles use ${name}\` makes it the default.`,
  );
};

const add = async (
  output: Output,
  name: string,
  { fromEnv = false, replace = false }: AddOptions,
  command: Command,
): Promise<ExitCode> => {
  const options = command.optsWithGlobals<GlobalOptions>();
  refuseKeyInArguments(command, options);
  checkedProfileName(name);
  const address = addressOf(options);
  await requireStorable(output.io, name, replace);
  const apiKey = await takeKey(output, name, fromEnv);
  await storeProfile(output.io, { name, url: address.href, apiKey }, replace);
  if (output.json) {
    printJson(output, { name, url: address.href, keyId: publicIdOf(apiKey) ?? null });
  } else {
    printLine(output, `Stored the profile ${name}.`);
    remarkOn(output, name, address, apiKey);
  }
  return exitCodes.ok;
};

export const addProfilesAddCommand = (registration: Registration): void => {
  const command = registration.program
    .command("add")
    .summary("store a server's URL and an API key")
    .description(
      "Stores a profile: where a server is (--url), and an API key for it. The key comes from " +
        "standard input; on a terminal it is asked for and not shown.",
    )
    .argument("<name>", "what to call the profile")
    .option("--from-env", "take the key from FAIRLEAD_API_KEY")
    .option("--replace", "write over a profile of this name")
    .allowExcessArguments();
  withExamples(command, [
    "profiles add production --url https://config.example.com",
    "profiles add production --url https://config.example.com < key.txt",
    "profiles add production --url https://config.example.com --from-env --replace",
  ]);
  command.action(runsHere(registration, command, add));
};
