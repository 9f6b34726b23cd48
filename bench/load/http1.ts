import { connect } from "node:net";
import type { Connection } from "./connection.ts";

export interface ParsedResponse {
  readonly status: number;
  /** Offset just behind the response. */
  readonly end: number;
  readonly body: Buffer;
}

const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");
const noBody = Buffer.alloc(0);

/** The response at the start of `buffer`, or undefined while it is incomplete. Throws on what is not HTTP/1.1. */
export function parseResponse(buffer: Buffer): ParsedResponse | undefined {
  const headLength = buffer.indexOf(headEnd);
  if (headLength === -1) return undefined;
  const head = buffer.toString("latin1", 0, headLength).toLowerCase();
  if (!head.startsWith("http/1.1 ")) throw new Error(`not an HTTP/1.1 response: ${head}`);
  const status = Number(head.slice(9, 12));
  const bodyStart = headLength + headEnd.length;
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    const end = bodyStart + Number(length);
    return buffer.length < end ? undefined : { status, end, body: buffer.subarray(bodyStart, end) };
  }
  if (/\r\ntransfer-encoding: *chunked/.test(head)) {
    const chunked = parseChunks(buffer, bodyStart);
    return chunked && { status, ...chunked };
  }
  if (status === 204 || status === 304) return { status, end: bodyStart, body: noBody };
  throw new Error(`a response without Content-Length or chunks: ${head}`);
}

/** A chunked body from `start`; trailers are not understood, as no peer here sends any. */
function parseChunks(buffer: Buffer, start: number): { end: number; body: Buffer } | undefined {
  const chunks: Buffer[] = [];
  for (let offset = start; ; ) {
    const sizeEnd = buffer.indexOf(lineEnd, offset);
    if (sizeEnd === -1) return undefined;
    const size = Number.parseInt(buffer.toString("latin1", offset, sizeEnd), 16);
    if (Number.isNaN(size)) throw new Error("a chunk without a size");
    const dataStart = sizeEnd + lineEnd.length;
    const next = dataStart + size + lineEnd.length;
    if (buffer.length < next) return undefined;
    if (size === 0) return { end: next, body: Buffer.concat(chunks) };
    chunks.push(buffer.subarray(dataStart, dataStart + size));
    offset = next;
  }
}

/** A keep-alive connection to 127.0.0.1; `status` is the only one that counts as success. */
export function connectHttp1(port: number, status: number): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let received: Buffer = noBody;
  let waiting: ((failure?: string) => void) | undefined;

  const settle = (failure?: string) => {
    const done = waiting;
    waiting = undefined;
    received = noBody;
    done?.(failure);
  };
  socket.on("data", (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const response = parseResponse(received);
    if (response === undefined) return;
    if (response.end !== received.length) settle("more bytes than one response");
    else if (response.status === status) settle();
    else settle(`status ${response.status}: ${response.body.toString("utf8").slice(0, 500)}`);
  });
  socket.on("error", (error) => {
    reject(error);
    settle(error.message);
  });
  socket.on("close", () => settle("the server closed the connection"));
  socket.on("connect", () =>
    resolve({
      send(request, done) {
        waiting = done;
        socket.write(request);
      },
      close: () => socket.destroy(),
    }),
  );
  return promise;
}
