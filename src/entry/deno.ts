import { followAccess } from "../access/follow-access.ts";
import { createApp } from "../app.ts";
import type { Deps } from "../context.ts";
import { clientAddress } from "../http/client-address.ts";
import { createDoor } from "../http/door.ts";
import { createLogger, describeError } from "../platform/log.ts";
import { migrate } from "../platform/migrate.ts";
import { parseSettings, type Settings } from "../platform/settings.ts";
import { connectSql } from "../platform/sql.ts";
import { connectTcp } from "../platform/tcp-socket.ts";
import { findAdminKey } from "./admin-key.ts";
import { buildDeps, createProcessState, startLayers } from "./build-deps.ts";

const log = createLogger();

const start = async (): Promise<void> => {
  const settings = parseSettings(Deno.env.toObject());
  const { databaseUrl } = settings;
  if (databaseUrl === undefined) {
    throw new Error(
      "DATABASE_URL is needed: the embedded PostgreSQL comes with the Node entry only",
    );
  }
  const sql = connectSql(databaseUrl, {
    max: settings.databasePoolSize,
    longLived: true,
    createSocket: connectTcp,
  });
  await migrate(sql, new URL("../../migrations/", import.meta.url).pathname);
  const { createdIn, key } = await findAdminKey(settings.dataDir, settings.bootstrapAdminKey);
  const state = createProcessState(key, settings);
  await state.access.syncOnce(sql);
  const connect = () => connectSql(databaseUrl, { max: 1, createSocket: connectTcp });
  const unfollow = followAccess({ ...state, connect, log });
  const stopLayers = await startLayers(state, settings, { sql, connect, log });
  const deps = buildDeps(sql, settings, log, state);
  const server = serve(settings, deps);
  if (createdIn !== undefined) {
    console.log(`\nThe administrator's key, shown this once and kept in ${createdIn}:\n  ${key}\n`);
  }
  const stop = async (): Promise<void> => {
    await server.shutdown();
    await unfollow();
    await stopLayers();
    await sql.end({ timeout: 5 });
    Deno.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => void stop());
  }
};

const serve = (settings: Settings, deps: Deps): Deno.HttpServer => {
  const addresses = new WeakMap<Request, string>();
  const { corsAllowedOrigins: origins } = settings;
  const door = createDoor(settings, log);
  const app = createApp({
    deps: () => deps,
    address: (c) =>
      clientAddress(c.req.raw.headers, addresses.get(c.req.raw), settings.trustedProxies),
    ...(origins === undefined ? {} : { allowedOrigins: () => origins }),
  });
  return Deno.serve(
    {
      hostname: settings.host,
      port: settings.port,
      onListen: ({ hostname, port }) => log.info("serving", { url: `http://${hostname}:${port}` }),
    },
    (request, { remoteAddr }) => {
      if ("hostname" in remoteAddr) addresses.set(request, remoteAddr.hostname);
      return door(request, () => app.fetch(request));
    },
  );
};

try {
  await start();
} catch (error) {
  log.error("could not start", describeError(error));
  Deno.exit(1);
}
