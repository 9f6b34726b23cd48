import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { treeCpuSeconds } from "../measure/processes.ts";
import { freePorts, startChild, untilReady } from "./child.ts";
import { inspectPostgres } from "./postgres.ts";
import type { StartOptions, SystemUnderTest } from "./system.ts";

interface PutOperation {
  readonly app: string;
  readonly environment: string;
  readonly key: string;
  readonly value: string;
}

export interface Fairlead extends SystemUnderTest {
  readonly apiKey: string;
  readonly postgresVersion: string;
  /** CPU seconds of the server's own processes, and of PostgreSQL where it runs on this machine. */
  readonly cpuSeconds: () => number;
  readonly postgresCpuSeconds: () => number;
  /** Commits one change set of puts; resolves once the whole answer is there, to the time that took. */
  readonly putAll: (operations: readonly PutOperation[]) => Promise<number>;
}

/** A process beside the first one, on its database and with its key. */
export interface SecondProcess {
  readonly id: string;
  readonly databaseUrl: string;
  readonly apiKey: string;
}

interface FairleadOptions extends StartOptions {
  readonly entry: string;
  readonly second?: SecondProcess | undefined;
}

/** The server from its own entry, with the settings a user gets: DATABASE_URL's PostgreSQL, or an embedded one. */
export async function startFairlead({ second, ...options }: FairleadOptions): Promise<Fairlead> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const apiKey = second?.apiKey ?? randomBytes(24).toString("hex");
  const name = second === undefined ? "fairlead" : `fairlead-${second.id}`;
  const databaseUrl = second?.databaseUrl ?? process.env["DATABASE_URL"];
  const child = startChild({
    command: [process.execPath, options.entry],
    log: join(options.directory, `${name}.log`),
    cores: options.cores,
    env: {
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: join(options.directory, name),
      BOOTSTRAP_ADMIN_KEY: apiKey,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    },
  });
  await untilReady(child, "Fairlead", async () => (await fetch(`${url}/readyz`)).ok);
  const postgres = await inspectPostgres(child.pid, databaseUrl).catch(async (error: unknown) => {
    await child.stop();
    throw error;
  });
  const putAll = (operations: readonly PutOperation[]) => commit(url, apiKey, operations);
  return {
    pid: child.pid,
    port,
    apiKey,
    version: "Fairlead",
    postgresVersion: postgres.version,
    cpuSeconds: () => treeCpuSeconds(child.pid, "postgres"),
    postgresCpuSeconds: () => (postgres.pid === undefined ? 0 : treeCpuSeconds(postgres.pid)),
    putAll: async (operations) => (await putAll(operations)).elapsedMs,
    revisionCost: 1,
    // A change set's own answer names its revision, whatever a read's revision is the revision of.
    revision: async () => {
      const value = String(process.hrtime.bigint());
      const marker = { app: "bench-marker", environment: "production", key: "mark", value };
      return (await putAll([marker])).revision;
    },
    stop: child.stop,
  };
}

/** Where the first process's embedded PostgreSQL is reached. */
export function embeddedUrl(directory: string): string {
  const folder = join(directory, "fairlead", "postgres");
  const password = readFileSync(join(folder, "fairlead.password"), "utf8").trim();
  const [, , , port = ""] = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
  return `postgres://fairlead:${password}@127.0.0.1:${port.trim()}/fairlead`;
}

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
