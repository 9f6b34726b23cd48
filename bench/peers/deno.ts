import { join } from "node:path";

export const denoProgram = join(import.meta.dirname, "../../node_modules/.bin/deno");

/** What is installed already, and nothing else. */
export const denoFlags = ["--no-prompt", "--no-remote", "--cached-only", "--no-lock"];

export interface DenoProcess {
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string;
}

/** Fairlead on Deno, with the least permissions that it needs. */
export const denoCommand = ({ port, dataDir, databaseUrl }: DenoProcess): string[] => [
  denoProgram,
  "run",
  ...denoFlags,
  `--allow-net=127.0.0.1:${port},${new URL(databaseUrl).host}`,
  "--allow-env",
  `--allow-read=migrations,${dataDir}`,
  `--allow-write=${dataDir}`,
  "src/entry/deno.ts",
];
