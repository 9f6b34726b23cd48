import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { treeCpuSeconds } from "../measure/processes.ts";
import { freePorts, startChild, untilReady } from "./child.ts";
import { type DenoProcess, denoCommand } from "./deno.ts";
import { embeddedUrl, inspectPostgres } from "./postgres.ts";
import type { StartOptions, SystemUnderTest } from "./system.ts";

/** Without an app or an environment it goes to all of them. */
export interface PutOperation {
  readonly app?: string;
  readonly environment?: string;
  readonly key: string;
  readonly value: string;
}

export interface Fairlead extends SystemUnderTest {
  readonly apiKey: string;
  readonly databaseUrl: string;
  readonly postgresVersion: string;
  /** From the start of the process to its first 200 of /readyz. */
  readonly readyMs: number;
  /** CPU seconds of the server's own processes, and of PostgreSQL where it runs on this machine. */
  readonly cpuSeconds: () => number;
  readonly postgresCpuSeconds: () => number;
  /** Commits one change set of puts; resolves once the whole answer is there, to the time that took. */
  readonly putAll: (operations: readonly PutOperation[]) => Promise<number>;
}

/** What sets a process apart from the first one, which has nothing of this. */
export interface FairleadProcess {
  /** Names its folder: a process with the same one finds what the last has left there. */
  readonly id: string;
  /** Empty: an embedded one of its own, whatever DATABASE_URL says; absent: DATABASE_URL's, if there is one. */
  readonly databaseUrl?: string;
  readonly apiKey?: string;
  readonly runtime?: "node" | "deno";
  /** Settings beside those that every process of the bench gets. */
  readonly env?: Readonly<Record<string, string>>;
}

interface FairleadOptions extends StartOptions {
  readonly entry: string;
  readonly process?: FairleadProcess | undefined;
}

const commandOf = (runtime: FairleadProcess["runtime"], entry: string, on: DenoProcess) =>
  runtime === "deno" ? denoCommand(on) : [process.execPath, entry];

/** The server from its own entry, with the settings a user gets: DATABASE_URL's PostgreSQL, or an embedded one. */
export async function startFairlead({
  process: own,
  ...options
}: FairleadOptions): Promise<Fairlead> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const apiKey = own?.apiKey ?? randomBytes(24).toString("hex");
  const name = own === undefined ? "fairlead" : `fairlead-${own.id}`;
  const dataDir = join(options.directory, name);
  const given = (own?.databaseUrl ?? process.env["DATABASE_URL"]) || undefined;
  const started = performance.now();
  const child = startChild({
    command: commandOf(own?.runtime, options.entry, { port, dataDir, databaseUrl: given ?? "" }),
    log: join(options.directory, `${name}.log`),
    cores: options.cores,
    env: {
      ...own?.env,
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: dataDir,
      BOOTSTRAP_ADMIN_KEY: apiKey,
      DATABASE_URL: given ?? "",
    },
  });
  await untilReady(child, "Fairlead", async () => (await fetch(`${url}/readyz`)).ok);
  const readyMs = performance.now() - started;
  const postgres = await inspectPostgres(child.pid, given).catch(async (error: unknown) => {
    await child.stop();
    throw error;
  });
  const putAll = (operations: readonly PutOperation[]) => commit(url, apiKey, operations);
  return {
    pid: child.pid,
    port,
    apiKey,
    databaseUrl: given ?? embeddedUrl(dataDir),
    version: "Fairlead",
    postgresVersion: postgres.version,
    readyMs,
    cpuSeconds: () => treeCpuSeconds(child.pid, "postgres"),
    postgresCpuSeconds: () => (postgres.pid === undefined ? 0 : treeCpuSeconds(postgres.pid)),
    putAll: async (operations) => (await putAll(operations)).elapsedMs,
    revisionCost: 1,
    // A change set's own answer names its revision, whatever a read's revision is the revision of.
    revision: async () => (await putAll([newMarker()])).revision,
    stop: child.stop,
  };
}

const newMarker = (): PutOperation => {
  const value = String(process.hrtime.bigint());
  return { app: "bench-marker", environment: "production", key: "mark", value };
};

const commitAnswer = z.object({ revision: z.number(), changes: z.array(z.unknown()) });

async function commit(url: string, apiKey: string, puts: readonly PutOperation[]) {
  const operations = puts.map((put) => ({ op: "put", kind: "config", ...put }));
  const body = JSON.stringify({ message: "bench", allowLargeChange: true, operations });
  const started = performance.now();
  const response = await fetch(`${url}/v1/changes`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body,
  });
  const text = await response.text();
  const elapsedMs = performance.now() - started;
  if (response.status !== 201) throw new Error(`Fairlead answered ${response.status}: ${text}`);
  const { revision, changes } = commitAnswer.parse(JSON.parse(text));
  if (changes.length !== puts.length)
    throw new Error(`${changes.length} of ${puts.length} changed`);
  return { revision, elapsedMs };
}
