import { writeFile } from "node:fs/promises";
import { join } from "node:path";

interface Workerd {
  readonly port: number;
  /** A folder that goes when it stops. */
  readonly folder: string;
  /** Variables and secrets of the Worker. */
  readonly settings: Readonly<Record<string, string>>;
  /** In place of the Worker's own module. */
  readonly main?: string | undefined;
}

/** The command line that serves the Worker of wrangler.toml under workerd, on loopback alone. */
export const wranglerDev = async ({ folder, main, port, settings }: Workerd) => {
  const envFile = join(folder, "settings.env");
  const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"`);
  await writeFile(envFile, lines.join("\n"), { mode: 0o600 });
  const command: [string, ...string[]] = [
    "wrangler",
    "dev",
    ...(main === undefined ? [] : [main]),
    "--local",
    "--config=wrangler.toml",
    "--ip=127.0.0.1",
    `--port=${port}`,
    "--inspector-port=0",
    `--env-file=${envFile}`,
    `--persist-to=${join(folder, "state")}`,
    "--show-interactive-dev-session=false",
    "--log-level=warn",
  ];
  // It asks nobody for updates, and tells nobody anything.
  const env = {
    CI: "1",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_WRITE_LOGS: "false",
    WRANGLER_REGISTRY_PATH: join(folder, "registry"),
  };
  return { command, env };
};
