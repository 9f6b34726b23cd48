import type { AddressInfo } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import { startWorkers } from "../../workers/start-workers.ts";
import { followAccess } from "../access/follow-access.ts";
import { createApp } from "../app.ts";
import { clientAddress } from "../http/client-address.ts";
import { startEmbeddedPostgres } from "../platform/embedded-postgres.ts";
import { createLogger, describeError, type Logger } from "../platform/log.ts";
import { migrate } from "../platform/migrate.ts";
import { parseSettings, type Settings } from "../platform/settings.ts";
import { connectSql } from "../platform/sql.ts";
import { connectTcp } from "../platform/tcp-socket.ts";
import { findAdminKey } from "./admin-key.ts";
import { buildDeps, createProcessState, startLayers } from "./build-deps.ts";
import { createHttpServer, type Fetch } from "./create-http-server.ts";

const migrationsFolder = new URL("../../migrations/", import.meta.url).pathname;

type Stop = () => Promise<void>;

/** Starts everything in order; what has started is stopped again in reverse, also on failure. */
const start = async (settings: Settings, log: Logger, stops: Stop[]): Promise<void> => {
  const databaseUrl = settings.databaseUrl ?? (await startDatabase(settings, log, stops));
  const sql = connectSql(databaseUrl, {
    max: settings.databasePoolSize,
    longLived: true,
    createSocket: connectTcp,
  });
  stops.push(() => sql.end({ timeout: 5 }));
  const { applied } = await migrate(sql, migrationsFolder);
  if (applied.length > 0) log.info("migrated the database", { applied });
  const { createdIn, key } = await findAdminKey(settings.dataDir, settings.bootstrapAdminKey);
  const state = createProcessState(key, settings);
  await state.access.syncOnce(sql);
  const connect = () => connectSql(databaseUrl, { max: 1, createSocket: connectTcp });
  stops.push(followAccess({ ...state, connect, log }));
  stops.push(await startLayers(state, settings, { sql, connect, log }));
  const deps = buildDeps(sql, settings, log, state);
  const { corsAllowedOrigins: origins } = settings;
  const app = createApp({
    deps: () => deps,
    address: (c) =>
      clientAddress(c.req.raw.headers, getConnInfo(c).remote.address, settings.trustedProxies),
    ...(origins === undefined ? {} : { allowedOrigins: () => origins }),
  });
  stops.push(await startWorkers({ databaseUrl, sql, log }));
  const { host, port } = await listen(app.fetch, settings, stops);
  log.info("serving", { url: `http://${host}:${port}`, docs: `http://${host}:${port}/docs` });
  if (createdIn !== undefined) {
    console.log(`\nThe administrator's key, shown this once and kept in ${createdIn}:\n  ${key}\n`);
  }
};

const startDatabase = async (settings: Settings, log: Logger, stops: Stop[]): Promise<string> => {
  log.info("starting the embedded PostgreSQL", { dataDir: settings.dataDir });
  const database = await startEmbeddedPostgres({ dataDir: settings.dataDir });
  stops.push(() => database.stop());
  stops.push(watchDatabase(database.processId));
  return database.url;
};

/** Without its database the service is of no use: it ends, for whoever supervises it to start anew. */
const watchDatabase = (processId: number): Stop => {
  const timer = setInterval(() => {
    try {
      process.kill(processId, 0);
    } catch {
      log.error("the embedded PostgreSQL has ended; stopping", { processId });
      void stop(1);
    }
  }, 1_000);
  timer.unref();
  return async () => clearInterval(timer);
};

const listen = async (
  fetch: Fetch,
  settings: Settings,
  stops: Stop[],
): Promise<{ host: string; port: number }> => {
  const { promise, reject, resolve } = Promise.withResolvers<{ host: string; port: number }>();
  const { host } = settings;
  const server = createHttpServer(fetch, settings, log);
  server.listen(settings.port, host, () => {
    const { port } = server.address() as AddressInfo;
    resolve({ host, port });
  });
  server.once("error", reject);
  stops.push(
    () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeIdleConnections();
      }),
  );
  return promise;
};

const log = createLogger(parseLogLevel(process.env.LOG_LEVEL));
const stops: Stop[] = [];
let stopping = false;

function parseLogLevel(text: string | undefined): Settings["logLevel"] {
  return text === "debug" || text === "warn" || text === "error" ? text : "info";
}

const stop = async (exitCode: number): Promise<void> => {
  if (stopping) return;
  stopping = true;
  // What hangs past this is cut off: a stop that never ends is worse.
  setTimeout(() => process.exit(1), 15_000).unref();
  for (const step of stops.toReversed()) {
    await step().catch((error: unknown) => log.error("failed to stop", describeError(error)));
  }
  process.exit(exitCode);
};

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    log.info("stopping", { signal });
    void stop(0);
  });
}

try {
  await start(parseSettings(process.env), log, stops);
} catch (error) {
  // What to do about it is in the message; where it was thrown helps nobody but us.
  log.error("could not start", { error: error instanceof Error ? error.message : String(error) });
  log.debug("could not start", describeError(error));
  await stop(1);
}
