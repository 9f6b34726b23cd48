import { connect, type Socket } from "node:net";

interface RawRequest {
  readonly url: string;
  /** `POST /path`. */
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent of the body, as it is; after it the client ends its side of the connection. */
  readonly sent: string;
}

const timeoutMs = 5_000;

/**
 * Sends a request that no HTTP client would send, such as one that breaks off, and gives what comes
 * back until the connection ends: '' where it just ends.
 */
export const sendRaw = async ({ headers, line, sent, url }: RawRequest): Promise<string> => {
  const { host, hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = "";
  const socket: Socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.setTimeout(timeoutMs, () => socket.destroy());
  socket.setEncoding("utf8").on("data", (text: string) => {
    received += text;
  });
  // A reset is an answer as well.
  socket.once("error", () => socket.destroy());
  socket.once("end", () => socket.destroy());
  socket.once("close", () => resolve(received));
  const fields = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.end(`${[`${line} HTTP/1.1`, ...fields].join("\r\n")}\r\n\r\n${sent}`);
  return promise;
};
