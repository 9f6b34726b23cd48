import { type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { invalidInput, Problem } from "../errors.ts";
import { headersTooLarge, maxTargetLength, uriTooLong } from "../http/check-head.ts";
import { problemDocument } from "../http/problem-response.ts";

interface ClientError extends Error {
  readonly code?: string;
  /** What Node's parser says is wrong. */
  readonly reason?: string;
  /** What it was reading. */
  readonly rawPacket?: Buffer;
}

interface ClientErrorOptions {
  /** What every answer carries. */
  readonly fields: Readonly<Record<string, string>>;
  readonly maxHeaderBytes: number;
}

/** How long what the client still sends is read away, so that no reset overtakes the answer. */
const lingerMs = 500;

/** Answers what Node's parser refuses, or has waited for in vain, and ends the connection. */
export const answerClientErrors = (server: Server, options: ClientErrorOptions): void => {
  const refused = new WeakSet<Duplex>();
  server.on("clientError", (error: ClientError, socket) => {
    // Each further packet of a refused request is an error too.
    if (refused.has(socket)) return;
    refused.add(socket);
    refuse(socket, toProblem(error, options.maxHeaderBytes), options.fields);
  });
};

const refuse = (
  socket: Duplex & { readonly _httpMessage?: ServerResponse | null },
  problem: Problem,
  fields: ClientErrorOptions["fields"],
): void => {
  // Node's own handler looks here too: nothing public says which answer a connection is at.
  const { _httpMessage: underWay } = socket;
  if (!socket.writable || underWay?.headersSent === true) {
    socket.destroy();
  } else if (underWay?.req.complete === true) {
    // The request before is not to blame: its answer comes first.
    underWay.once("finish", () => refuse(socket, problem, fields));
  } else {
    socket.end(rawAnswer(problem, fields));
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }
};

const rawAnswer = (problem: Problem, fields: ClientErrorOptions["fields"]): string => {
  const requestId = crypto.randomUUID();
  const body = JSON.stringify(problemDocument(problem, requestId));
  const head = Object.entries({
    date: new Date().toUTCString(),
    connection: "close",
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-request-id": requestId,
    ...fields,
  }).map(([name, value]) => `${name}: ${value}`);
  const { status } = problem;
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head, "", body].join("\r\n");
};

const toProblem = (error: ClientError, maxHeaderBytes: number): Problem => {
  switch (error.code ?? "") {
    case "HPE_HEADER_OVERFLOW":
      return startsWithLongTarget(error) ? uriTooLong() : headersTooLarge(maxHeaderBytes);
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new Problem("TOO_LARGE", "The extensions of a chunk are too large.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Problem("REQUEST_TIMEOUT", "The request did not arrive in time.");
    default:
      return invalidInput("", `The request cannot be read: ${error.reason ?? "it is cut off"}.`);
  }
};

/** The parser stops at its limit without saying of what; the packet shows where the request began. */
const startsWithLongTarget = ({ rawPacket }: ClientError): boolean => {
  const [, target = ""] = /^[A-Z]+ (\S+)/.exec(rawPacket?.toString("latin1") ?? "") ?? [];
  return target.length > maxTargetLength;
};
