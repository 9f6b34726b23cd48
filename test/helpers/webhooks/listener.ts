import { once } from "node:events";
import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface Listener {
  readonly port: number;
  /** Everything that was received, in one text. */
  received(): string;
  /** How many connections were taken. */
  connections(): number;
  stop(): Promise<void>;
}

interface Options {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Calls back for every whole request, with the socket to answer on. */
export type Answer = (socket: Socket, request: string) => void;

const isWhole = (text: string): boolean => {
  const head = text.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(text)?.[1] ?? "0";
  return head >= 0 && text.length >= head + 4 + Number(length);
};

/** A server that speaks bytes, so that it can also say what no HTTP server would. */
export const startListener = async (answer: Answer, options: Options = {}): Promise<Listener> => {
  const sockets = new Set<Socket>();
  const received: string[] = [];
  let count = 0;
  const take = (socket: Socket): void => {
    let waiting = "";
    socket.on("data", (chunk) => {
      received.push(chunk.toString("latin1"));
      waiting += chunk.toString("latin1");
      if (!isWhole(waiting)) return;
      const request = waiting;
      waiting = "";
      answer(socket, request);
    });
  };
  const server: TcpServer =
    options.tls === undefined ? createServer(take) : createTlsServer(options.tls, take);
  server.on("tlsClientError", () => {});
  server.on("connection", (socket: Socket) => {
    count += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    received: () => received.join(""),
    connections: () => count,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

/** A plain answer that keeps the connection. */
export const answerWith =
  (status: number, body = "", headers = ""): Answer =>
  (socket) => {
    socket.write(
      `HTTP/1.1 ${status} Said\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };
