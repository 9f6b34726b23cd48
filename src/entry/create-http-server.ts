import { createServer, type Server } from "node:http";
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server";
import { invalidInput } from "../errors.ts";
import { checkTarget } from "../http/check-head.ts";
import { problemResponse } from "../http/problem-response.ts";
import { requestInfo } from "../http/request-info.ts";
import { securityHeaders } from "../http/security-headers.ts";
import { describeError, type Logger } from "../platform/log.ts";
import type { Settings } from "../platform/settings.ts";
import { answerClientErrors } from "./answer-client-errors.ts";
import { type AnswerHot, createHotListener } from "./answer-hot.ts";
import { responseClass } from "./live-response.ts";
import { acceptSockets, isSocketRequest } from "./node-sockets.ts";

type Incoming = HttpBindings["incoming"];
export type Fetch = (request: Request, bindings: object) => Response | Promise<Response>;

/** What answers requests: the app and, before it, what needs no more than memory. */
export interface Answers {
  readonly fetch: Fetch;
  readonly answerHot: AnswerHot;
}

const keepAliveMs = 5_000;

/**
 * Node's HTTP server before the app: whatever does not get as far as the app is answered with a
 * problem document all the same, and every answer has the security headers.
 */
export const createHttpServer = (
  { answerHot, fetch }: Answers,
  settings: Settings,
  log: Logger,
): Server => {
  const { host, maxHeaderBytes } = settings;
  const fields = securityHeaders(settings);
  const listener = getRequestListener(
    (request, bindings) => {
      try {
        checkIncoming(bindings.incoming as Incoming);
        return fetch(request, bindings);
      } catch (error) {
        return problemResponse(error, requestInfo(request.headers, undefined).id, log);
      }
    },
    {
      hostname: host,
      errorHandler: (error) => problemResponse(inOurWords(error), crypto.randomUUID(), log),
    },
  );
  const listenHot = createHotListener(answerHot, settings, keepAliveMs);
  const isAnswered: typeof listenHot = (incoming, outgoing) => {
    try {
      return listenHot(incoming, outgoing);
    } catch (error) {
      log.error("a read could not be answered at once", describeError(error));
      return outgoing.headersSent;
    }
  };
  const server = createServer(
    {
      // It counts path, query, header names and values, and refuses what reaches the number.
      maxHeaderSize: maxHeaderBytes + 1,
      // Node's own refusal would be no problem document.
      requireHostHeader: false,
      keepAliveTimeout: keepAliveMs,
      ServerResponse: responseClass(fields),
      shouldUpgradeCallback: isSocketRequest,
    },
    (incoming, outgoing) => {
      if (!isAnswered(incoming, outgoing)) void listener(incoming, outgoing);
    },
  );
  // An expectation that nobody knows may be passed over (RFC 9110, section 10.1.1).
  server.on("checkExpectation", (incoming, outgoing) => void listener(incoming, outgoing));
  answerClientErrors(server, { fields, maxHeaderBytes });
  acceptSockets(server, fetch, fields);
  return server;
};

/**
 * Checks the request as it was sent; the `Request` made of it has its dot segments resolved.
 *
 * @throws Problem `INVALID_INPUT`, `URI_TOO_LONG`
 */
const checkIncoming = ({ headers, httpVersion, url = "" }: Incoming): void => {
  if (headers.host === undefined && httpVersion === "1.1") throw invalidInput("Host", "is missing");
  checkTarget(url);
};

const inOurWords = (error: unknown): unknown =>
  error instanceof RequestError
    ? invalidInput("", `The request target or the Host header is not valid: ${error.message}.`)
    : error;
