import { Agent, type IncomingHttpHeaders, request } from "node:http";
import type { Socket } from "node:net";

export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly connection: number;
}

interface Sending {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** A client that keeps one connection at a time; each has a number of its own. */
export interface Caller {
  /** Undefined where no whole answer came. */
  send(url: string, sending: Sending): Promise<Exchanged | undefined>;
  close(): void;
}

let connections = 0;
const numbers = new WeakMap<Socket, number>();

const numberOf = (socket: Socket): number => {
  const number = numbers.get(socket) ?? (connections += 1);
  numbers.set(socket, number);
  return number;
};

export const createCaller = (): Caller => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    send(url, { body, headers, method, timeoutMs }) {
      const { promise, resolve } = Promise.withResolvers<Exchanged | undefined>();
      const signal = AbortSignal.timeout(timeoutMs);
      const outgoing = request(url, { agent, method, headers, signal }, (response) => {
        const connection = numberOf(response.socket);
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.once("error", () => resolve(undefined));
        response.once("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            connection,
          }),
        );
      });
      outgoing.once("error", () => resolve(undefined));
      outgoing.end(body);
      return promise;
    },
    close: () => agent.destroy(),
  };
};
