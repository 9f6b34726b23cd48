import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { requestRaw, sendBytes } from "../../test/helpers/raw-request.ts";
import { securityHeaders } from "../http/security-headers.ts";
import { createLogger } from "../platform/log.ts";
import { parseSettings } from "../platform/settings.ts";
import type { AnswerHot } from "./answer-hot.ts";
import { createHttpServer, type Fetch } from "./create-http-server.ts";

const maxHeaderBytes = 4_096;
const environment = {
  MAX_HEADER_BYTES: String(maxHeaderBytes),
  PUBLIC_URL: "https://config.example.org",
};
const fields = Object.entries(securityHeaders(parseSettings(environment)));

let server: Server | undefined;

/** Starts a server over `fetch`, which answers with the path by default. */
const start = async (
  fetch: Fetch = ({ url }) => new Response(new URL(url).pathname),
  more: Record<string, string> = {},
  answerHot: AnswerHot = () => undefined,
): Promise<string> => {
  const log = createLogger("error", () => {});
  const answers = { fetch, answerHot };
  server = createHttpServer(answers, parseSettings({ ...environment, ...more }), log);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

afterEach(async () => {
  if (server === undefined) return;
  server.closeAllConnections();
  await once(server.close(), "close");
});

describe("every answer of the server on Node", () => {
  it.each([
    ["of the app", () => new Response("{}", { headers: { etag: '"1"' } }), 200],
    ["of the app, without headers", () => new Response("plain"), 200],
    ["without a body", () => new Response(null, { status: 304 }), 304],
    ["to a failure", () => Promise.reject(new Error("secret")), 500],
    [
      "to a failure at once",
      () => {
        throw new Error("secret");
      },
      500,
    ],
  ])("has the security headers: %s", async (_what, fetch, status) => {
    const reply = await requestRaw(await start(fetch), "GET /v1/config");
    expect(reply.status).toBe(status);
    expect([...reply.headers]).toEqual(expect.arrayContaining(fields));
    expect(reply.headers.get("server")).toBeNull();
    expect(reply.text).not.toContain("secret");
  });

  it("keeps headers that the app has set itself", async () => {
    const headers = { "content-security-policy": "default-src 'self'" };
    const url = await start(() => new Response("", { headers }));
    const reply = await requestRaw(url, "GET /docs");
    expect(reply.headers.get("content-security-policy")).toBe("default-src 'self'");
  });

  it("has them where the app is not reached, and says what is wrong in a problem", async () => {
    const url = await start();
    for (const [line, headers, code] of [
      [`GET /${"a".repeat(3_000)}`, { x: "a".repeat(2_000) }, "HEADERS_TOO_LARGE"],
      ["GET /a/../b", {}, "INVALID_INPUT"],
      ["GET /a\\b", {}, "INVALID_INPUT"],
      ["GET *", {}, "INVALID_INPUT"],
      ["GET /", { host: "a/b" }, "INVALID_INPUT"],
      ["HELLO /", {}, "INVALID_INPUT"],
    ] as const) {
      const reply = await requestRaw(url, line, headers);
      expect(reply.headers.get("content-type")).toBe("application/problem+json");
      expect([...reply.headers]).toEqual(expect.arrayContaining(fields));
      expect(reply.body).toMatchObject({ code, requestId: reply.headers.get("x-request-id") });
    }
  });
});

describe("the head of a request on Node", () => {
  const overhead = "/ab".length + "host".length + "connectionclose".length + "x".length;

  it("may have as many bytes as the limit says, and not one more", async () => {
    const url = await start();
    const room = maxHeaderBytes - overhead - new URL(url).host.length;
    const sized = (sizeBytes: number) => requestRaw(url, "GET /ab", { x: "v".repeat(sizeBytes) });
    expect(await sized(room)).toMatchObject({ status: 200, text: "/ab" });
    expect(await sized(room + 1)).toMatchObject({
      status: 431,
      body: { code: "HEADERS_TOO_LARGE", detail: expect.stringContaining("4096") },
    });
  });

  it("may have a path and query of 8192 characters, and not one more, also past the other limit", async () => {
    for (const limit of ["16384", "4096"]) {
      const url = await start(undefined, { MAX_HEADER_BYTES: limit });
      const fits = await requestRaw(url, `GET /${"a".repeat(8_191)}`);
      expect(fits.status).toBe(limit === "16384" ? 200 : 431);
      for (const length of [8_193, 9_000, 30_000]) {
        const reply = await requestRaw(url, `GET /${"a".repeat(length - 1)}`);
        expect(reply).toMatchObject({ status: 414, body: { code: "URI_TOO_LONG" } });
      }
      server?.close();
    }
  });

  it("is refused where it has more headers than are looked at, not read without the last ones", async () => {
    const url = await start(({ headers }) => new Response(headers.get("if-match")));
    const lines = (count: number) => "a:\r\n".repeat(count);
    const send = async (count: number): Promise<string> =>
      sendBytes(
        url,
        `GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n${lines(count)}if-match: "1"\r\n\r\n`,
      );
    expect(await send(900)).toMatch(/^HTTP\/1.1 200 .*"1"$/s);
    expect(await send(1_100)).toMatch(/^HTTP\/1.1 431 /);
  });

  it("needs a Host in HTTP/1.1, and none in HTTP/1.0", async () => {
    const url = await start();
    const send = (version: string) =>
      sendBytes(url, `GET /livez HTTP/${version}\r\nconnection: close\r\n\r\n`);
    expect(await send("1.1")).toMatch(/^HTTP\/1.1 400 .*"code":"INVALID_INPUT"/s);
    expect(await send("1.0")).toMatch(/^HTTP\/1.1 200 .*\/livez$/s);
  });

  it("may expect what nobody knows", async () => {
    const reply = await requestRaw(await start(), "GET /livez", { expect: "wonders" });
    expect(reply).toMatchObject({ status: 200, text: "/livez" });
  });

  it("gives a refusal the id that the client sent", async () => {
    const reply = await requestRaw(await start(), "GET /a/./b", { "x-request-id": "trace-4711" });
    expect(reply.body).toMatchObject({ status: 400, requestId: "trace-4711" });
  });
});
