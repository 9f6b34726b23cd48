import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const unleashVersion = "8.2.0";

const folder = join(import.meta.dirname, "../../node_modules/.cache/unleash");
const program = join(folder, "node_modules/unleash-server/dist/server.js");
const manifest = join(folder, "node_modules/unleash-server/package.json");

const installedVersion = (): string =>
  z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, "utf8"))).version;

/** Unleash's server, from the registry into node_modules/.cache: no dependency of ours, since only the bench runs it. */
export function installUnleash(): string {
  if (existsSync(program) && installedVersion() === unleashVersion) return program;
  mkdirSync(folder, { recursive: true });
  const what = `unleash-server@${unleashVersion}`;
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"];
  try {
    execFileSync("npm", ["install", "--prefix", folder, ...options, what], { stdio: "ignore" });
  } catch (error) {
    throw new Error(`${what} cannot be installed: the reads beside it need npm's registry once`, {
      cause: error,
    });
  }
  return program;
}
