import { setTimeout as sleep } from "node:timers/promises";
import { WSContext, type WSEvents, type WSReadyState } from "hono/ws";
import { answerHot, createApp } from "../app.ts";
import type { Deps } from "../context.ts";
import { clientAddress } from "../http/client-address.ts";
import { createDoor } from "../http/door.ts";
import { createHotResponses } from "../http/hot-response.ts";
import type { LiveSocket, LiveTransport } from "../http/live.ts";
import { createLogger, describeError } from "../platform/log.ts";
import { parseSettings, type Settings } from "../platform/settings.ts";
import { tellNewKey } from "./admin-key.ts";
import { startStreams } from "./build-deps.ts";
import { openProcess } from "./open-process.ts";
import { createPrometheus } from "./prometheus.ts";

const log = createLogger();

const start = async (): Promise<void> => {
  const settings = parseSettings(Deno.env.toObject());
  const { databaseUrl } = settings;
  if (databaseUrl === undefined) {
    throw new Error(
      "DATABASE_URL is needed: the embedded PostgreSQL comes with the Node entry only",
    );
  }
  const stops: (() => Promise<void>)[] = [];
  const fail = (error: unknown): void => {
    log.error("cannot go on", describeError(error));
    Deno.exit(1);
  };
  const options = { databaseUrl, settings, metrics: createPrometheus(), log, stops, fail };
  const { adminKey, deps } = await openProcess(options);
  const server = serve(settings, deps);
  const stopStreams = startStreams(deps);
  tellNewKey(adminKey);
  const stop = async (): Promise<void> => {
    await stopStreams();
    // A request that hangs must not keep the rest from being stopped in order.
    await Promise.race([server.shutdown(), sleep(hangingMs)]);
    for (const step of stops.toReversed()) {
      await step().catch((error: unknown) => log.error("failed to stop", describeError(error)));
    }
    Deno.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => void stop());
  }
};

const hangingMs = 8_000;

interface Upgraded {
  readonly response: Response;
  readonly socket: WebSocket;
}

interface SocketTransport {
  readonly transport: LiveTransport;
  /** The answer to a request; where that became a WebSocket, the one that makes it so. */
  readonly finish: (request: Request, response: Response) => Response;
}

/** By then a client must have answered a ping, in seconds. */
const idleTimeout = 40;

/**
 * WebSockets on Deno. What makes a request one is an answer that must not be touched any more, so it is
 * made last: until then another one stands for it.
 */
const createSocketTransport = (): SocketTransport => {
  const accepted = new WeakMap<Request, WSEvents<LiveSocket>>();
  return {
    transport: {
      socket(c, events) {
        accepted.set(c.req.raw, events);
        return new Response();
      },
    },
    finish(request, response) {
      const events = accepted.get(request);
      if (events === undefined || !response.ok) return response;
      const upgraded: Upgraded = Deno.upgradeWebSocket(request, { idleTimeout });
      follow(upgraded.socket, events);
      return upgraded.response;
    },
  };
};

const states: readonly WSReadyState[] = [0, 1, 2, 3];

const follow = (socket: WebSocket, events: WSEvents<LiveSocket>): void => {
  const context = new WSContext<LiveSocket>({
    raw: socket,
    get readyState() {
      return states[socket.readyState] ?? 3;
    },
    send: (message) => socket.send(message),
    close: (code, reason) => socket.close(code, reason),
  });
  socket.addEventListener("open", (event) => events.onOpen?.(event, context));
  socket.addEventListener("message", (event) => events.onMessage?.(event, context));
  socket.addEventListener("close", (event) => events.onClose?.(event, context));
  socket.addEventListener("error", (event) => events.onError?.(event, context));
};

const serve = (settings: Settings, deps: Deps): Deno.HttpServer => {
  const addresses = new WeakMap<Request, string>();
  const { corsAllowedOrigins: origins } = settings;
  const door = createDoor(settings, log);
  const answerAtOnce = createHotResponses(
    (target, fields) => answerHot(target, fields, deps),
    settings,
  );
  const { finish, transport } = createSocketTransport();
  const app = createApp({
    deps: () => deps,
    transport,
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
    async (request, { remoteAddr }) => {
      const quick = answerAtOnce(request);
      if (quick !== undefined) return quick;
      if ("hostname" in remoteAddr) addresses.set(request, remoteAddr.hostname);
      return finish(request, await door(request, () => app.fetch(request)));
    },
  );
};

try {
  await start();
} catch (error) {
  log.error("could not start", describeError(error));
  Deno.exit(1);
}
