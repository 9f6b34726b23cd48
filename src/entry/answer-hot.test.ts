import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readReply, requestRaw, sendBytes } from "../../test/helpers/raw-request.ts";
import type { HotAnswer, HotFields } from "../http/hot.ts";
import { createLogger } from "../platform/log.ts";
import { parseSettings } from "../platform/settings.ts";
import type { AnswerHot } from "./answer-hot.ts";
import { createHttpServer } from "./create-http-server.ts";

let server: Server | undefined;

const textOf = (text: string): HotAnswer => ({
  status: 200,
  requestId: "request-1",
  tag: '"tag"',
  revision: 7,
  staleSeconds: undefined,
  text,
  bytes: Buffer.byteLength(text),
});

/** Answers at once as it is told to; whatever is left to the app is answered with "app". */
const start = async (answerHot: AnswerHot): Promise<string> => {
  const log = createLogger("error", () => {});
  const answers = { answerHot, fetch: () => new Response("app") };
  server = createHttpServer(answers, parseSettings({}), log);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

afterEach(async () => {
  if (server === undefined) return;
  server.closeAllConnections();
  await once(server.close(), "close");
});

const line = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: h\r\n`;

describe("answers past the app", () => {
  it("come one after the other on a connection, among those of the app, with a head for each", async () => {
    const texts = new Map([
      ["/one", '"one"'],
      ["/two", '"zwö"'],
      ["/three", '"three"'],
    ]);
    const url = await start((target) => {
      const text = texts.get(target);
      return text === undefined ? undefined : textOf(text);
    });
    const sent = ["/one", "/app", "/two", "/three"].map((path) => `${line(path)}\r\n`).join("");
    const received = await sendBytes(url, `${sent}${line("/app")}connection: close\r\n\r\n`);
    const answers = received.split(/(?=HTTP\/1\.1 200 OK\r\n)/).map(readReply);
    expect(answers.map(({ text }) => text)).toEqual(['"one"', "app", '"zwö"', '"three"', "app"]);
    expect(Object.fromEntries(answers[0]!.headers)).toMatchObject({
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      "x-request-id": "request-1",
      etag: '"tag"',
      "config-revision": "7",
      connection: "keep-alive",
      "keep-alive": "timeout=5",
    });
    const date = Date.parse(answers[0]!.headers.get("date") ?? "");
    expect(Math.abs(Date.now() - date)).toBeLessThan(10_000);
  });

  it("have no body where the client holds it", async () => {
    const held = { ...textOf(""), status: 304, text: undefined, staleSeconds: 3 } as const;
    const url = await start((target) => (target === "/held" ? held : undefined));
    const bytes = `${line("/held")}\r\n${line("/app")}connection: close\r\n\r\n`;
    const [first = "", second = ""] = (await sendBytes(url, bytes)).split(/(?=HTTP\/1\.1 200)/);
    expect(first).toMatch(/^HTTP\/1\.1 304 Not Modified\r\n.*config-stale: 3\r\n.*\r\n\r\n$/s);
    expect(first).not.toMatch(/\ncontent-(type|length)/);
    expect(second).toMatch(/app$/);
  });

  it.each([
    ["a HEAD", "HEAD", {}],
    ["a POST", "POST", { "content-length": "0" }],
    ["a connection that ends", "GET", { connection: "close" }],
    ["an If-Match", "GET", { "if-match": "*" }],
    ["an Origin", "GET", { Origin: "https://example.org" }],
    ["two keys", "GET", { authorization: "Bearer a", Authorization: "Bearer b" }],
    ["a key twice", "GET", { "x-api-key": "a", "X-Api-Key": "b" }],
    ["two conditions", "GET", { "if-none-match": "a", "If-None-Match": "b" }],
    ["two ids", "GET", { "x-request-id": "a", "X-Request-Id": "b" }],
    ["two hosts", "GET", { host: "a", Host: "b" }],
    ["a host that is none", "GET", { host: "a:b:c" }],
    ["a port that is none", "GET", { host: "a:99999" }],
    ["a body in an unknown coding", "GET", { "transfer-encoding": "gzip" }],
  ])("are not given to %s", async (_what, method, headers) => {
    let isAsked = false;
    const url = await start(() => {
      isAsked = true;
      return undefined;
    });
    // The connection is kept, but for the one that says otherwise; a second request ends it.
    const lines = Object.entries({ ...("host" in headers ? {} : { host: "h" }), ...headers });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await sendBytes(
      url,
      `${method} / HTTP/1.1\r\n${head}\r\nPOST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n`,
    );
    expect(isAsked).toBe(false);
  });

  it("are told what the request says of the reader, whatever the case of its names", async () => {
    const told: HotFields[] = [];
    const url = await start((_target, fields) => {
      told.push(fields);
      return textOf("{}");
    });
    const head =
      "AUTHORIZATION: Bearer k\r\nX-Api-Key: x\r\nif-None-Match: t\r\nX-Request-ID: i\r\n";
    const end = "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    await sendBytes(url, `${line("/a?b=c")}${head}\r\n${end}`);
    expect(told).toEqual([
      { authorization: "Bearer k", apiKey: "x", ifNoneMatch: "t", requestId: "i" },
    ]);
  });

  it("fail without harm: the app answers", async () => {
    const url = await start(() => {
      throw new Error("a defect");
    });
    const end = "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    expect(await sendBytes(url, `${line("/a")}\r\n${end}`)).toMatch(/^HTTP\/1\.1 200 .*app.*app$/s);
    expect((await requestRaw(url, "GET /b")).text).toBe("app");
  });
});
