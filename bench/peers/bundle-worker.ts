import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const root = join(import.meta.dirname, "../..");
const program = join(root, "node_modules/.bin/wrangler");
const ownConfig = join(root, "wrangler.toml");
const timeoutMs = 120_000;

/** One module, as `wrangler deploy` would send it. */
export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** The compatibility date and flags of wrangler.toml, which all Workers of the bench have. */
export function readCompatibility() {
  const text = readFileSync(ownConfig, "utf8");
  const [, date] = /^compatibility_date = "([^"]+)"$/m.exec(text) ?? [];
  const [, flags] = /^compatibility_flags = (\[.*\])$/m.exec(text) ?? [];
  if (date === undefined || flags === undefined) throw new Error("wrangler.toml has changed");
  return { date, flags: JSON.parse(flags) as string[] };
}

/** The Worker of wrangler.toml. */
export const bundleFairlead = (directory: string): Promise<Bundle> =>
  bundle({ directory, name: "edge", config: ownConfig });

/** A Worker of one module of this folder, `<name>.ts`. */
export function bundlePeer(directory: string, name: string): Promise<Bundle> {
  const { date, flags } = readCompatibility();
  const config = join(directory, `${name}.json`);
  const main = join(import.meta.dirname, `${name}.ts`);
  const content = { name, main, compatibility_date: date, compatibility_flags: flags };
  writeFileSync(config, JSON.stringify(content));
  return bundle({ directory, name, config });
}

interface Bundled {
  readonly directory: string;
  readonly name: string;
  readonly config: string;
}

async function bundle({ config, directory, name }: Bundled): Promise<Bundle> {
  const folder = join(directory, `bundle-${name}`);
  const args = ["deploy", "--dry-run", `--outdir=${folder}`, `--config=${config}`];
  // It asks nobody for updates, and tells nobody anything.
  const env = {
    ...process.env,
    CI: "1",
    HOME: directory,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_WRITE_LOGS: "false",
  };
  await promisify(execFile)(program, args, { cwd: root, env, timeout: timeoutMs });
  const file = join(folder, `${name}.js`);
  const content = readFileSync(file);
  return { file, bytes: content.length, gzipBytes: gzipSync(content).length };
}
