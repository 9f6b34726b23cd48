import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inputOf, runCaptured } from "./run-captured.ts";
import { temporaryFiles } from "./temporary-files.ts";

export const serverUrl = "https://config.example.com";

/** A whole key with a public id of this letter; every part of its secret says so. */
export const keyOf = (letter: string): string => `fl_${letter.repeat(16)}_${"s3cret".repeat(8)}xx`;

/** A folder for profiles that does not exist yet, and the command line that uses it. */
export const openProfileFolder = async () => {
  const files = await temporaryFiles({});
  const folder = join(files.cwd, "deep", "fairlead");
  const env = { FAIRLEAD_API_KEY: "", FAIRLEAD_CONFIG_DIR: folder };
  const run = (argv: readonly string[], io: object = {}) =>
    runCaptured(["profiles", ...argv], { env, ...io });
  return {
    folder,
    file: join(folder, "profiles.json"),
    env,
    run,
    add: (name: string, text = keyOf("k"), ...more: string[]) =>
      run(["add", name, "--url", serverUrl, ...more], { stdin: inputOf(`${text}\n`) }),
    put: async (text: string, mode = 0o600) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "profiles.json"), text);
      await chmod(join(folder, "profiles.json"), mode);
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
};
