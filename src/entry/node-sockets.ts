import type { IncomingMessage, Server } from "node:http";
import { createAdaptorServer, upgradeWebSocket } from "@hono/node-server";
import { type WebSocket, WebSocketServer } from "ws";
import { invalidInput } from "../errors.ts";
import { type LiveTransport, maxIncomingBytes } from "../http/live.ts";
import { socketPath } from "../streams/routes.ts";
import type { Fetch } from "./create-http-server.ts";

/** How often a client is asked whether it is still there; by the next time it must have answered. */
const pingEveryMs = 20_000;

/** A request that any other route, or nobody, understands as an upgrade is answered as it stands. */
export const isSocketRequest = ({ headers, method, url = "" }: IncomingMessage): boolean =>
  method === "GET" &&
  headers.upgrade?.toLowerCase() === "websocket" &&
  url.split("?", 1)[0] === socketPath;

/** Lets a server take WebSockets, where the app says so. */
export const acceptSockets = (
  server: Server,
  fetch: Fetch,
  fields: Readonly<Record<string, string>>,
): void => {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxIncomingBytes,
  });
  askIfThere(sockets);
  createAdaptorServer({
    fetch: async (request, bindings) => {
      const response = await fetch(request, bindings);
      for (const [name, value] of Object.entries(fields)) response.headers.set(name, value);
      return response;
    },
    // What it adds to the server is all that is wanted of it.
    createServer: (() => server) as never,
    websocket: { server: sockets as never },
  });
};

const askIfThere = (sockets: WebSocketServer): void => {
  const silent = new WeakSet<WebSocket>();
  sockets.on("connection", (socket) => {
    socket.on("pong", () => silent.delete(socket));
  });
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) {
        socket.terminate();
        continue;
      }
      silent.add(socket);
      socket.ping();
    }
  }, pingEveryMs);
  timer.unref();
  sockets.on("close", () => clearInterval(timer));
};

export const sendMessages: NonNullable<LiveTransport["socket"]> = (c, events) => {
  const { wss } = c.env as { readonly wss?: unknown };
  // It names the protocol, but does not ask for the connection to be changed.
  if (wss === undefined) throw invalidInput("Connection", "must be Upgrade");
  return upgradeWebSocket(c, events as never);
};
