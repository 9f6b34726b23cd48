import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import { startWorkers } from "../../workers/start-workers.ts";
import { answerHot, createApp } from "../app.ts";
import { clientAddress } from "../http/client-address.ts";
import { startEmbeddedPostgres } from "../platform/embedded-postgres.ts";
import { createLogger, describeError, type Logger } from "../platform/log.ts";
import { parseSettings, type Settings } from "../platform/settings.ts";
import { tellNewKey } from "./admin-key.ts";
import { startStreams } from "./build-deps.ts";
import { type Answers, createHttpServer } from "./create-http-server.ts";
import { sendEvents } from "./live-response.ts";
import { sendMessages } from "./node-sockets.ts";
import { openProcess } from "./open-process.ts";
import { createPrometheus } from "./prometheus.ts";

type Stop = () => Promise<void>;

/** Starts everything in order; what has started is stopped again in reverse, also on failure. */
const start = async (settings: Settings, log: Logger, stops: Stop[]): Promise<void> => {
  const databaseUrl = settings.databaseUrl ?? (await startDatabase(settings, log, stops));
  const { adminKey, deps } = await openProcess({
    databaseUrl,
    settings,
    metrics: createPrometheus(),
    log,
    stops,
    startWithDatabase: (sql) => startWorkers({ databaseUrl, sql, settings, log }),
    fail: (error) => {
      sayWhy("cannot go on", error);
      void stop(1);
    },
  });
  const { corsAllowedOrigins: origins } = settings;
  const app = createApp({
    deps: () => deps,
    address: (c) =>
      clientAddress(c.req.raw.headers, getConnInfo(c).remote.address, settings.trustedProxies),
    transport: { events: sendEvents, socket: sendMessages },
    ...(origins === undefined ? {} : { allowedOrigins: () => origins }),
  });
  const answers: Answers = {
    fetch: app.fetch,
    answerHot: (target, fields) => answerHot(target, fields, deps),
  };
  const { host, port } = await listen(answers, settings, stops);
  stops.push(startStreams(deps));
  log.info("serving", { url: `http://${host}:${port}`, docs: `http://${host}:${port}/docs` });
  tellNewKey(adminKey);
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
  answers: Answers,
  settings: Settings,
  stops: Stop[],
): Promise<{ host: string; port: number }> => {
  const { promise, reject, resolve } = Promise.withResolvers<{ host: string; port: number }>();
  const { host } = settings;
  const server = createHttpServer(answers, settings, log);
  // After a failure elsewhere thousands may come at one time.
  server.listen({ port: settings.port, host, backlog: 4_096 }, () => {
    const { port } = server.address() as AddressInfo;
    resolve({ host, port });
  });
  server.once("error", reject);
  const silent = watchSilent(server);
  stops.push(() => closeServer(server, silent));
  return promise;
};

const sweepMs = 50;
/** For how long a connection may go on that has not sent a request, and one whose request hangs. */
const silentMs = 1_000;
const hangingMs = 8_000;

/**
 * Takes no more requests, and ends each connection soon after the last one on it is answered. What hangs
 * is cut off early enough for the rest to be stopped in order.
 */
const closeServer = (server: Server, silent: ReadonlySet<Socket>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
  const timers = [
    setTimeout(() => {
      for (const socket of silent) socket.destroy();
    }, silentMs),
    setTimeout(() => {
      log.warn("cutting off requests that hang");
      server.closeAllConnections();
    }, hangingMs),
  ];
  server.close(() => {
    clearInterval(sweep);
    for (const timer of timers) clearTimeout(timer);
    resolve();
  });
  server.closeIdleConnections();
  return promise;
};

/**
 * Connections that have sent no request: Node does not count them among the idle ones. A WebSocket's is
 * among them, but streams have ended before; to listen for upgrades would keep others from refusing them.
 */
const watchSilent = (server: Server): ReadonlySet<Socket> => {
  const silent = new Set<Socket>();
  server.on("connection", (socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  server.on("request", ({ socket }) => silent.delete(socket));
  return silent;
};

const log = createLogger(parseLogLevel(process.env.LOG_LEVEL));
const stops: Stop[] = [];
let stopping = false;

function parseLogLevel(text: string | undefined): Settings["logLevel"] {
  return text === "debug" || text === "warn" || text === "error" ? text : "info";
}

/** What to do about it is in the message; where it was thrown helps nobody but us. */
function sayWhy(what: string, error: unknown): void {
  log.error(what, { error: error instanceof Error ? error.message : String(error) });
  log.debug(what, describeError(error));
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
  sayWhy("could not start", error);
  await stop(1);
}
