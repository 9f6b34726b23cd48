import { join } from "node:path";
import postgres from "postgres";
import { freePorts, startChild, untilReady } from "./child.ts";
import { installUnleash, unleashVersion } from "./install-unleash.ts";
import type { StartOptions } from "./system.ts";

const database = "fairlead_bench_unleash";
const adminToken = "*:*.admin-of-the-bench";
const readerToken = "default:development.reader-of-the-bench";
/** Their client features are about 1 KB. */
const features = ["setting.0", "setting.1", "setting.2"];
/** By default more than 333 requests a second are refused. */
const unlimited = "1000000000";

export interface Unleash {
  readonly port: number;
  readonly token: string;
  readonly version: string;
  readonly stop: () => Promise<void>;
}

/** Unleash's server over a database of its own, with a few flags in one environment. */
export async function startUnleash(
  options: StartOptions & { readonly databaseUrl: string },
): Promise<Unleash> {
  const program = installUnleash();
  await replaceDatabase(options.databaseUrl);
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const child = startChild({
    command: [process.execPath, program],
    log: join(options.directory, "unleash.log"),
    cores: options.cores,
    env: { ...settingsOf(options.databaseUrl), HTTP_PORT: String(port) },
  });
  await untilReady(child, "Unleash", async () => (await fetch(`${url}/health`)).ok);
  const stop = async (): Promise<void> => {
    await child.stop();
    await dropDatabase(options.databaseUrl);
  };
  try {
    for (const name of features) await createFeature(url, name);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, token: readerToken, version: unleashVersion, stop };
}

function settingsOf(databaseUrl: string): Record<string, string> {
  const { hostname, password, port, username } = new URL(databaseUrl);
  return {
    NODE_ENV: "production",
    DATABASE_URL: "",
    DATABASE_HOST: hostname,
    DATABASE_PORT: port,
    DATABASE_USERNAME: decodeURIComponent(username),
    DATABASE_PASSWORD: decodeURIComponent(password),
    DATABASE_NAME: database,
    DATABASE_SSL: "false",
    HTTP_HOST: "127.0.0.1",
    CHECK_VERSION: "false",
    SEND_TELEMETRY: "false",
    INIT_ADMIN_API_TOKENS: adminToken,
    INIT_BACKEND_API_TOKENS: readerToken,
    SDK_API_RATE_LIMIT_PER_MINUTE: unlimited,
    TOKEN_AUTHENTICATION_RATE_LIMIT_PER_MINUTE: unlimited,
  };
}

async function withSql(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}

const dropDatabase = (url: string): Promise<void> =>
  withSql(url, (sql) => sql`drop database if exists ${sql(database)} with (force)`);

async function replaceDatabase(url: string): Promise<void> {
  await dropDatabase(url);
  await withSql(url, (sql) => sql`create database ${sql(database)}`);
}

async function createFeature(url: string, name: string): Promise<void> {
  const all = `${url}/api/admin/projects/default/features`;
  const here = `${all}/${name}/environments/development`;
  const parameters = { rollout: "50", stickiness: "default", groupId: name };
  await post(all, { name, type: "release", description: "a flag of the bench" });
  await post(`${here}/strategies`, { name: "flexibleRollout", parameters });
  await post(`${here}/on`, {});
}

async function post(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: adminToken, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Unleash answered ${response.status}: ${text}`);
}
