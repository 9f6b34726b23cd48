import type { IncomingMessage, ServerResponse } from "node:http";
import type { HotAnswer, HotFields } from "../http/hot.ts";
import { hotFieldsOf } from "../http/hot-fields.ts";
import type { Settings } from "../platform/settings.ts";

/** Answers a GET of a path and query at once, or not at all. */
export type AnswerHot = (target: string, fields: HotFields) => HotAnswer | undefined;

/** Node keeps a head that is made already here, and makes none where there is one. */
interface HeadHolder {
  _header: string | null;
}

/**
 * Sends what can be answered at once, past everything that makes a `Request` and a `Response`; false
 * where it cannot.
 *
 * The head is one text, most of it made before: of 16 µs that an answer with seventeen fields costs
 * Node, four go into looking at them one by one.
 */
export const createHotListener = (
  answerHot: AnswerHot,
  settings: Settings,
  keepAliveMs: number,
) => {
  const date = createDate();
  const starts = { 200: startOf(200, settings), 304: startOf(304, settings) };
  const end = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n\r\n`;
  return ({ method, rawHeaders, url = "" }: IncomingMessage, outgoing: ServerResponse): boolean => {
    // Without it the head says more than what is made here.
    if (method !== "GET" || !outgoing.shouldKeepAlive) return false;
    const heeded = readHotFields(rawHeaders);
    const answer = heeded === undefined ? undefined : answerHot(url, heeded);
    if (answer === undefined) return false;
    const { bytes, requestId, revision, staleSeconds, status, tag, text } = answer;
    const stale = staleSeconds === undefined ? "" : `\r\nconfig-stale: ${staleSeconds}`;
    const length = text === undefined ? "" : `\r\ncontent-length: ${bytes}`;
    const head =
      `${starts[status]}x-request-id: ${requestId}\r\netag: ${tag}\r\nconfig-revision: ${revision}${stale}${length}\r\n` +
      `Date: ${date()}\r\n${end}`;
    // eslint-disable-next-line no-underscore-dangle
    (outgoing as unknown as HeadHolder)._header = head;
    outgoing.statusCode = status;
    if (text === undefined) outgoing.end();
    else outgoing.end(text, bytes === text.length ? "latin1" : "utf8");
    return true;
  };
};

const phrases = { 200: "OK", 304: "Not Modified" };

const startOf = (status: HotAnswer["status"], settings: Settings): string => {
  const fields = Object.entries(hotFieldsOf(status, settings));
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${phrases[status]}\r\n${lines.join("")}`;
};

/** The time of an answer (RFC 9110, section 6.6.1), made once a second. */
const createDate = (): (() => string) => {
  let text = "";
  let second = 0;
  return () => {
    const now = Math.floor(Date.now() / 1_000);
    if (now !== second) text = new Date(now * 1_000).toUTCString();
    second = now;
    return text;
  };
};

/**
 * The fields of a request that a hot read heeds; undefined where the request says something that it
 * does not know about, or says one of them twice.
 */
const readHotFields = (rawHeaders: readonly string[]): HotFields | undefined => {
  let authorization: string | undefined;
  let apiKey: string | undefined;
  let ifNoneMatch: string | undefined;
  let requestId: string | undefined;
  let host: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    // Most fields are told from these by their length alone.
    if (!heededLengths.has(name.length)) continue;
    const value = rawHeaders[index + 1] ?? "";
    switch (name.toLowerCase()) {
      case "host":
        if (host !== undefined) return undefined;
        host = value;
        break;
      case "authorization":
        if (authorization !== undefined) return undefined;
        authorization = value;
        break;
      case "x-api-key":
        if (apiKey !== undefined) return undefined;
        apiKey = value;
        break;
      case "if-none-match":
        if (ifNoneMatch !== undefined) return undefined;
        ifNoneMatch = value;
        break;
      case "x-request-id":
        if (requestId !== undefined) return undefined;
        requestId = value;
        break;
      case "if-match":
      case "origin":
      case "expect":
      case "transfer-encoding":
        return undefined;
    }
  }
  if (host === undefined || !plainHost.test(host)) return undefined;
  return { authorization, apiKey, ifNoneMatch, requestId };
};

/** A name or an address of version 4, with a port of any but the highest; others are looked at elsewhere. */
const plainHost =
  /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}))?$/;

const heededLengths = new Set(
  [
    "host",
    "authorization",
    "x-api-key",
    "if-none-match",
    "x-request-id",
    "if-match",
    "origin",
    "expect",
    "transfer-encoding",
  ].map(({ length }) => length),
);
