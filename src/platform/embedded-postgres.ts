import { mkdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { serverAccount } from "./embedded-postgres/account.ts";
import { reachableBinaries } from "./embedded-postgres/binaries.ts";
import { createCluster, findCluster, readPassword, roleName } from "./embedded-postgres/cluster.ts";
import {
  type Server,
  type ServerOptions,
  ServerStartError,
  type StopMode,
  startServer,
} from "./embedded-postgres/server.ts";

interface EmbeddedPostgresOptions {
  /** The cluster is kept in `<dataDir>/postgres`. */
  readonly dataDir: string;
  /** A free one is chosen where absent. */
  readonly port?: number;
  readonly log?: (line: string) => void;
  /** PostgreSQL's own settings, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  /** `fast` breaks connections off and writes a checkpoint; `immediate` is a crash that the next start recovers from. */
  stop(mode?: StopMode): Promise<void>;
}

const takeoverMs = 15_000;
const pollMs = 100;
const freePortAttempts = 5;

const freePort = async (): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer().once("error", reject);
  probe.listen(0, "127.0.0.1", () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
  });
  return promise;
};

/** What postmaster.pid says: the process on its first line, its state on the eighth. */
const readLockFile = async (
  folder: string,
): Promise<{ processId: number; state: string } | undefined> => {
  const text = await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split("\n").map((line) => line.trim());
  return { processId: Number(lines[0]), state: lines[7] ?? "" };
};

/**
 * PostgreSQL itself drops the lock file of a dead process, but not where the number has since been
 * given to another one of the same user, as happens in containers. A server stands in its cluster's
 * folder, so a process that stands elsewhere is not one.
 */
const dropReusedLockFile = async (folder: string): Promise<void> => {
  const lock = await readLockFile(folder);
  if (lock === undefined) return;
  const standsIn = await readlink(`/proc/${lock.processId}/cwd`).catch(() => undefined);
  if (standsIn === undefined || standsIn === folder) return;
  await rm(join(folder, "postmaster.pid"), { force: true });
};

/** Whether another server on the cluster is going away: its owner died a moment ago, and its watchdog stops it. */
const isLeaving = async (folder: string, output: string): Promise<boolean> => {
  if (output.includes("pre-existing shared memory block")) return true;
  if (!output.includes('lock file "postmaster.pid" already exists')) return false;
  await sleep(pollMs);
  const lock = await readLockFile(folder);
  return lock === undefined || lock.state === "stopping";
};

const isPortTaken = (error: ServerStartError): boolean =>
  error.output.includes("could not create any TCP/IP sockets");

/** What to do about a start that failed, where PostgreSQL's own words do not say it. */
const explain = async (error: ServerStartError, options: ServerOptions): Promise<Error> => {
  const { folder, port } = options;
  if (error.output.includes('lock file "postmaster.pid" already exists')) {
    const lock = await readLockFile(folder);
    return new Error(
      `PostgreSQL already runs on ${folder} (process ${lock?.processId ?? "unknown"}). Stop the service that uses this data directory, or choose another one.`,
      { cause: error },
    );
  }
  if (isPortTaken(error)) {
    return new Error(`Port ${port} on 127.0.0.1 is taken. Choose another port for PostgreSQL.`, {
      cause: error,
    });
  }
  return error;
};

/** Starts the server, with patience for one that is just leaving and for a port that was lost meanwhile. */
const startPatiently = async (
  options: Omit<ServerOptions, "port">,
  fixedPort: number | undefined,
): Promise<{ server: Server; port: number }> => {
  const deadline = Date.now() + takeoverMs;
  for (let lostPorts = 0; ; ) {
    const port = fixedPort ?? (await freePort());
    await dropReusedLockFile(options.folder);
    try {
      return { server: await startServer({ ...options, port }), port };
    } catch (error) {
      if (!(error instanceof ServerStartError)) throw error;
      const portLost = fixedPort === undefined && isPortTaken(error);
      if (portLost && ++lostPorts < freePortAttempts) continue;
      const leaving = Date.now() < deadline && (await isLeaving(options.folder, error.output));
      if (!leaving) throw await explain(error, { ...options, port });
      await sleep(pollMs);
    }
  }
};

const ensureDatabase = async (url: string, name: string): Promise<void> => {
  const sql = postgres(`${url}/postgres`, { max: 1, fetch_types: false });
  try {
    const [found] = await sql`select 1 from pg_database where datname = ${name}`;
    if (found === undefined) await sql`create database ${sql(name)}`;
  } finally {
    await sql.end({ timeout: 5 });
  }
};

/**
 * Starts the PostgreSQL that came with the packages, on 127.0.0.1 only, with a cluster in
 * `<dataDir>/postgres` that is made on the first start. The caller stops it before it exits; should
 * this process end without that, PostgreSQL is stopped all the same. Throws where a server runs on
 * the data directory already, or where PostgreSQL refuses to start, with what it said.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {});
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const existing = await findCluster(dataDir);
  const account = await serverAccount(existing?.owner);
  const binaries = await reachableBinaries(account, log);
  const settings = options.settings ?? {};
  if (existing === undefined) {
    await createCluster({ dataDir, account, binaries, sync: settings["fsync"] !== "off", log });
  }
  const folder = await realpath(join(dataDir, "postgres"));
  const password = await readPassword(folder);
  const start = { folder, account, binaries, settings, log };
  const { server, port } = await startPatiently(start, options.port);
  const origin = `postgres://${roleName}:${password}@127.0.0.1:${port}`;
  try {
    await ensureDatabase(origin, roleName);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, url: `${origin}/${roleName}`, port };
}
