import { describe, expect, it } from "vitest";
import type { Api, Reply } from "../helpers/http-api.ts";
import { readReply, requestRaw, sendBytes } from "../helpers/raw-request.ts";
import { allowedOrigin } from "./settings.ts";
import type { Area, ServerUnderTest } from "./suite.ts";
import { commit, type Page, put, unique } from "./vocabulary.ts";

const securityHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
};
const pageHeaders = {
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};
const closedPolicy = "default-src 'none'; frame-ancestors 'none'";

const repeat = (count: number, header: (index: number) => [string, string]) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => header(index)));

const withKey = ({ adminKey }: ServerUnderTest, headers: Record<string, string> = {}) => ({
  "x-api-key": adminKey,
  ...headers,
});

interface Secret {
  readonly app: string;
  readonly key: string;
  readonly value: string;
}

/** The entry that attacks are after, and whose value they must never see; made once. */
const plantSecret = (api: Api): (() => Promise<Secret>) => {
  const secret = { app: unique("vault"), key: unique("key"), value: unique("never-shown") };
  let planted: Promise<unknown> | undefined;
  return async () => {
    planted ??= commit(api, [put(secret)]);
    await planted;
    return secret;
  };
};

export const door: Area = (api, server) => {
  const secret = plantSecret(api);
  /** As an attack sends it: no client in between that would tidy it up. */
  const get = (target: string, headers: Record<string, string> = {}): Promise<Reply> =>
    requestRaw(server().url, `GET ${target}`, withKey(server(), headers));

  const expectStillServing = async (): Promise<void> => {
    expect(await get("/v1/environments")).toHaveStatus(200);
  };

  describe("every answer", () => {
    it("has the security headers, whatever it is", async () => {
      const { headers } = await api.get("/v1/config");
      const etag = headers.get("etag") ?? "none";
      const requests: readonly [number, () => Promise<Reply>][] = [
        [200, () => api.get("/v1/config")],
        [304, () => api.get("/v1/config", { "if-none-match": etag })],
        [200, () => api.head("/v1/config")],
        [201, () => api.post("/v1/apps", { name: unique("door") })],
        [400, () => api.get("/v1/config?no=such")],
        [401, () => api.send({ method: "GET", path: "/v1/config" })],
        [404, () => api.get("/nowhere")],
        [404, () => api.get(`/v1/config/${unique("absent")}`)],
        [405, () => api.delete("/v1/environments")],
        [405, () => api.send({ method: "OPTIONS", path: "/v1/environments" })],
        [415, () => api.sendText("POST", "/v1/changes", "text/plain", "x")],
        [200, () => api.send({ method: "GET", path: "/livez" })],
        [200, () => api.send({ method: "GET", path: "/readyz" })],
        [431, () => get("/livez", { x: "a".repeat(17_000) })],
      ];
      for (const [status, send] of requests) {
        const reply = await send();
        expect(reply).toHaveStatus(status);
        expect(Object.fromEntries(reply.headers)).toMatchObject({
          ...securityHeaders,
          "content-security-policy": closedPolicy,
        });
      }
    });

    it("has the policy of the docs on the docs, and the other headers too", async () => {
      for (const path of ["/docs", "/docs/errors", "/docs/errors/GONE"]) {
        const { headers } = await api.send({ method: "GET", path });
        expect(Object.fromEntries(headers)).toMatchObject({ ...securityHeaders, ...pageHeaders });
        expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src /);
      }
    });

    it("does not say what serves it, nor promise TLS that is not there", async () => {
      for (const path of ["/livez", "/docs", "/nowhere"]) {
        const { headers } = await api.send({ method: "GET", path });
        for (const name of ["server", "x-powered-by", "strict-transport-security"]) {
          expect(headers.get(name)).toBeNull();
        }
      }
    });
  });

  describe("a request with too much before its body", () => {
    it.each([
      ["one big header", { "x-big": "a".repeat(17_000) }],
      ["many headers", repeat(80, (index) => [`x-${index}`, "a".repeat(220)])],
      ["a big key", { authorization: `Bearer ${"a".repeat(17_000)}` }],
      ["a big cookie", { cookie: `a=${"a".repeat(17_000)}` }],
    ])("is refused: %s", async (_what, headers) => {
      expect(await get("/v1/config", headers)).toBeProblem("HEADERS_TOO_LARGE", {
        detail: "16384",
      });
      await expectStillServing();
    });

    it.each([9 * 1024, 20 * 1024])(
      "is refused: a path and query of %i bytes",
      async (sizeBytes) => {
        for (const start of ["/v1/config?prefix=", "/v1/config/", "/"]) {
          const reply = await get(start.padEnd(sizeBytes, "a"));
          expect(reply).toBeProblem("URI_TOO_LONG", { detail: "8192" });
        }
        await expectStillServing();
      },
    );

    it("is read where it is within the limits", async () => {
      expect(await get("/v1/config/".padEnd(8_000, "a"))).toBeProblem("INVALID_INPUT");
      const headers = repeat(50, (index) => [`x-${index}`, "a".repeat(150)]);
      expect(await get("/v1/environments", headers)).toHaveStatus(200);
    });
  });

  describe("an attack by spelling", () => {
    const spellings = [
      "..%2f",
      "%2e%2e%2f",
      "x%2f..%2f",
      "x%2F%2E%2E%2F",
      "%252e%252e%252f",
      "%25252e%25252f",
      "x%5c..%5c",
      "%c0%ae%c0%ae%c0%af",
      "%c1%9c",
      "%e0%80%ae%e0%80%af",
      "%f0%80%80%ae",
      "%ed%a0%80",
      "%f5%80%80%80",
      "%80",
      "%bf%bf",
      "%00",
      "%2500",
      "%u002e%u002e",
      "%",
      "%e2%80%ae",
    ] as const;

    it.each(spellings)("with %s gets no value by a key", async (spelling) => {
      const { app, key, value } = await secret();
      for (const written of [`${spelling}${key}`, `${key}${spelling}`, spelling]) {
        const reply = await get(`/v1/config/${written}?app=${app}`);
        expect(reply).toBeProblem("INVALID_INPUT", { paths: ["key"] });
        expect(reply.text).not.toContain(value);
      }
      await expectStillServing();
    });

    it.each(spellings)("with %s gets no value by a scope", async (spelling) => {
      const { app, key, value } = await secret();
      for (const written of [`${spelling}${app}`, `${app}${spelling}`, spelling]) {
        for (const [query, path] of [
          [`app=${written}`, "app"],
          [`app=${app}&environment=${written}`, "environment"],
        ] as const) {
          const reply = await get(`/v1/config/${key}?${query}`);
          expect(reply).toBeProblem("INVALID_INPUT", { paths: [path] });
          expect(reply.text).not.toContain(value);
        }
      }
      await expectStillServing();
    });

    it.each([
      ["overlong UTF-8", "\xc0\xae\xc0\xae\xc0\xaf"],
      ["a lone continuation byte", "\x80"],
      ["U+0000", "\x00"],
      ["a tab", "\t"],
    ])("in bytes that no URL has gets no value: %s", async (_what, bytes) => {
      const { app, key, value } = await secret();
      for (const target of [
        `/v1/config/${key}${bytes}`,
        `/v1/config/${bytes}${key}`,
        `/v1/config/${key}?app=${app}${bytes}`,
      ]) {
        // Some parsers refuse these in words of their own.
        const received = await sendBytes(
          server().url,
          `GET ${target} HTTP/1.1\r\nhost: h\r\nx-api-key: ${server().adminKey}\r\nconnection: close\r\n\r\n`,
        );
        expect(received).toMatch(/^HTTP\/1\.1 400 /);
        expect(received).not.toContain(value);
      }
      await expectStillServing();
    });
  });

  describe("a page of an allowed origin", () => {
    const origin = { origin: allowedOrigin };

    it("may send what the API takes", async () => {
      const { headers, status, text } = await api.send({
        method: "OPTIONS",
        path: "/v1/config/a",
        headers: {
          ...origin,
          "access-control-request-method": "PUT",
          "access-control-request-headers": "authorization,content-type,if-match",
        },
      });
      expect({ status, text }).toEqual({ status: 204, text: "" });
      expect(Object.fromEntries(headers)).toMatchObject({
        ...securityHeaders,
        "access-control-allow-origin": allowedOrigin,
        "access-control-allow-methods": "GET,HEAD,POST,PUT,PATCH,DELETE",
        "access-control-allow-headers":
          "Authorization,X-API-Key,Content-Type,If-Match,If-None-Match,Idempotency-Key,X-Request-Id,Last-Event-ID",
        "access-control-max-age": "600",
      });
      expect(headers.has("access-control-allow-credentials")).toBe(false);
    });

    it("may read answers and errors, with what tells their state", async () => {
      for (const reply of [
        await api.get("/v1/environments", origin),
        await api.get("/v1/config/no.such.key", origin),
        await api.send({ method: "GET", path: "/v1/config", headers: origin }),
      ]) {
        expect(Object.fromEntries(reply.headers)).toMatchObject({
          "access-control-allow-origin": allowedOrigin,
          "access-control-expose-headers":
            "ETag,Config-Revision,Config-Stale,Link,Retry-After,X-Request-Id,WWW-Authenticate",
        });
        expect(reply.headers.get("vary")).toMatch(/\bOrigin$/);
      }
    });
  });

  describe("a page of any other origin", () => {
    it("gets no leave for anything", async () => {
      for (const origin of [`${allowedOrigin}.evil.example`, "null", `${allowedOrigin}:8443`]) {
        const preflight = { origin, "access-control-request-method": "GET" };
        const replies = [
          await api.send({ method: "OPTIONS", path: "/v1/environments", headers: preflight }),
          await api.get("/v1/environments", { origin }),
        ];
        expect(replies.map(({ status }) => status)).toEqual([405, 200]);
        for (const { headers } of replies) {
          const names = [...headers.keys()].filter((name) => name.startsWith("access-control-"));
          expect(names).toEqual([]);
          expect(headers.get("vary")).toMatch(/\bOrigin$/);
        }
      }
    });
  });
};

/** For runtimes that stand behind proxies of ours. Cloudflare says itself who the client is. */
export const clientAddresses: Area = (api) => {
  describe("the address in the audit log, behind one proxy", () => {
    it.each([
      ["the one that the proxy saw", "192.0.2.7", "192.0.2.7"],
      ["not one that the client made up", "203.0.113.1, 10.0.0.1, 192.0.2.7:4711", "192.0.2.7"],
      ["the connection's where the proxy saw none", "192.0.2.7, unknown", "127.0.0.1"],
    ])("is %s", async (_what, forwarded, address) => {
      const app = { name: unique("seen") };
      const made = await api.post("/v1/apps", app, { "x-forwarded-for": forwarded });
      expect(made).toHaveStatus(201);
      const id = made.headers.get("x-request-id");
      const { body } = await api.get<Page<{ requestId: string }>>("/v1/audit?limit=500");
      expect(body.items.find(({ requestId }) => requestId === id)).toMatchObject({ address });
    });
  });
};

/** For runtimes that hand a path on as it was sent. Workers get it resolved. */
export const pathsAsSent: Area = (api, server) => {
  const secret = plantSecret(api);
  describe("a path that would have to be resolved", () => {
    it("is refused, and leads nowhere", async () => {
      const { app, key, value } = await secret();
      for (const target of [
        `/v1/config/x/../${key}`,
        `/v1/config/x/%2e%2e/${key}`,
        `/v1/config/x/.%2E/${key}`,
        `/v1/config/./${key}`,
        `/v1/config/%2e/${key}`,
        `/docs/../v1/config/${key}`,
        `/v1/config/x\\..\\${key}`,
        `http://elsewhere.example/v1/config/x/../${key}`,
        "/v1/config/..",
        "/v1/config/%2E%2e",
      ]) {
        const reply = await requestRaw(server().url, `GET ${target}?app=${app}`, withKey(server()));
        expect(reply).toBeProblem("INVALID_INPUT");
        expect(reply.text).not.toContain(value);
      }
    });
  });

  describe("a Host that holds more than a host", () => {
    it.each([
      "a/v1/config/KEY?app=APP#",
      "a\\v1\\config\\KEY?app=APP#",
      "a/v1/config/KEY?",
      "KEY@a",
      "a b",
    ])("is refused, and does not lead to another path: %s", async (pattern) => {
      const { app, key, value } = await secret();
      const host = pattern.replace("KEY", key).replace("APP", app);
      const headers = withKey(server(), { host });
      const reply = await requestRaw(server().url, "GET /v1/config/absent", headers);
      expect(reply).toBeProblem("INVALID_INPUT");
      expect(reply.text).not.toContain(value);
    });
  });
};

/** For Node, whose parser lets us answer what it refuses. */
export const unreadableRequests: Area = (_api, server) => {
  describe("what is no request", () => {
    it.each([
      ["no HTTP", "hello\r\n\r\n", "INVALID_INPUT"],
      ["U+0000 in the path", "GET /v1/config/a\x00b HTTP/1.1\r\nhost: h\r\n\r\n", "INVALID_INPUT"],
      ["no Host", "GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n", "INVALID_INPUT"],
      [
        "a megabyte of headers",
        `GET / HTTP/1.1\r\nx: ${"a".repeat(1_000_000)}`,
        "HEADERS_TOO_LARGE",
      ],
      ["2,000 headers", `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(2_000)}\r\n`, "HEADERS_TOO_LARGE"],
      ["a path of a megabyte", `GET /${"a".repeat(1_000_000)} HTTP/1.1\r\n\r\n`, "URI_TOO_LONG"],
    ] as const)("is answered with a problem, and harms nobody: %s", async (_what, bytes, code) => {
      const reply = readReply(await sendBytes(server().url, bytes));
      expect(reply).toBeProblem(code);
      expect(Object.fromEntries(reply.headers)).toMatchObject(securityHeaders);
      const next = await requestRaw(server().url, "GET /v1/environments", withKey(server()));
      expect(next).toHaveStatus(200);
    });
  });
};
