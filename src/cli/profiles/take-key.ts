import { parseApiKey } from "../api-key.ts";
import { isInteractive } from "../confirm.ts";
import { usageFailure } from "../failure.ts";
import type { Output } from "../io.ts";
import { promptHidden } from "../prompt-hidden.ts";
import { readStandardInput } from "../read-standard-input.ts";
import { setting } from "../setting.ts";

const typedOrPiped = async ({ io, json }: Output, name: string): Promise<string> => {
  if (io.stdinIsTerminal !== true) return readStandardInput(io);
  if (json || !isInteractive(io)) {
    throw usageFailure("The API key is read from standard input: pipe it in, or say --from-env.");
  }
  return promptHidden(io, `API key of the profile ${name} (not shown):`);
};

/**
 * The key for a profile: from standard input, a hidden prompt, or the environment. Never from the
 * arguments, which other users of the machine can see and shells remember.
 */
export const takeKey = async (output: Output, name: string, fromEnv: boolean): Promise<string> => {
  const text = fromEnv ? setting(output.io, "FAIRLEAD_API_KEY") : await typedOrPiped(output, name);
  if (text === undefined) throw usageFailure("--from-env wants FAIRLEAD_API_KEY to be set.");
  if (text.trim() === "") throw usageFailure("There is no API key on standard input.");
  return parseApiKey(text);
};
