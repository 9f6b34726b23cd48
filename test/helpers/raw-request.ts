import { connect } from "node:net";
import type { Reply } from "./http-api.ts";

interface RawRequest {
  readonly url: string;
  /** `POST /path`. */
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent of the body, as it is; after it the client ends its side of the connection. */
  readonly sent: string;
}

const timeoutMs = 5_000;

const headOf = (url: string, line: string, headers: Readonly<Record<string, string>>): string => {
  const fields = Object.entries({ host: new URL(url).host, ...headers });
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return `${[`${line} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`;
};

/**
 * Sends a request that no HTTP client would send, such as one that breaks off, and gives what comes
 * back until the connection ends: '' where it just ends.
 */
export const sendRaw = ({ headers, line, sent, url }: RawRequest): Promise<string> =>
  exchange(url, headOf(url, line, headers) + sent, true);

/**
 * Sends bytes as they are, each character being one, and gives what comes back until the server ends
 * the connection.
 */
export const sendBytes = (url: string, bytes: string): Promise<string> =>
  exchange(url, bytes, false);

/**
 * Sends a request without a body on a connection of its own, with its target and headers spelled as
 * they are here, each character being one byte.
 */
export const requestRaw = async (
  url: string,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> =>
  readReply(await sendBytes(url, headOf(url, line, { connection: "close", ...headers })));

/** The one answer that came back, to the last byte. */
export const readReply = (received: string): Reply => {
  const end = received.indexOf("\r\n\r\n");
  const [status = "", ...lines] = received.slice(0, end).split("\r\n");
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const text = received.slice(end + 4);
  const length = headers.get("content-length") ?? "0";
  if (end < 0 || Buffer.byteLength(text) !== Number(length)) {
    throw new Error(`not one whole answer: ${received.slice(0, 2_000)}`);
  }
  const isJson = /^application\/([\w.-]+\+)?json\b/.test(headers.get("content-type") ?? "");
  return {
    status: Number(status.split(" ")[1]),
    headers,
    text,
    body: isJson ? JSON.parse(text) : text,
  };
};

const exchange = async (url: string, bytes: string, endsItsSide: boolean): Promise<string> => {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = "";
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.setTimeout(timeoutMs, () => socket.destroy());
  socket.setEncoding("utf8").on("data", (text: string) => {
    received += text;
  });
  // A reset is an answer as well.
  socket.once("error", () => socket.destroy());
  socket.once("end", () => socket.destroy());
  socket.once("close", () => resolve(received));
  if (endsItsSide) socket.end(bytes);
  else socket.write(Buffer.from(bytes, "latin1"));
  return promise;
};
