import { describe, expect, it } from "vitest";
import { createApp } from "../app.ts";

const origin = "https://console.example.org";
const other = "https://console.example.org.evil.example";

const appFor = (...origins: string[]) =>
  createApp({
    deps: () => {
      throw new Error("nothing here needs the database");
    },
    allowedOrigins: () => origins,
  });

const corsHeaders = ({ headers }: Response): string[] =>
  [...headers.keys()].filter((name) => name.startsWith("access-control-"));

const preflight = {
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "PUT" },
};

describe("with no allowed origin", () => {
  it("nothing tells of CORS, and a preflight is refused as any OPTIONS", async () => {
    const app = appFor();
    const refused = await app.request("/v1/config/a", preflight);
    expect({ status: refused.status, allow: refused.headers.get("allow") }).toEqual({
      status: 405,
      allow: "GET, HEAD, PUT",
    });
    const read = await app.request("/livez", { headers: { origin } });
    for (const response of [refused, read]) {
      expect(corsHeaders(response)).toEqual([]);
      expect(response.headers.get("vary")).toBeNull();
    }
  });

  it("an unknown path is not found, as without the setting", async () => {
    expect((await appFor().request("/nowhere", preflight)).status).toBe(404);
    expect((await appFor(origin).request("/nowhere")).status).toBe(404);
  });
});

describe("with an allowed origin", () => {
  it("a preflight is answered, on every path and without a key", async () => {
    for (const path of ["/v1/config/a", "/v1/changes", "/nowhere"]) {
      const response = await appFor(origin).request(path, preflight);
      expect(response.status).toBe(204);
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  it("errors can be read as well", async () => {
    const app = appFor("http://localhost:3000", origin);
    for (const [path, status] of [
      ["/nowhere", 404],
      ["/readyz", 500],
      ["/livez", 200],
    ] as const) {
      const response = await app.request(path, { headers: { origin } });
      expect(response.status).toBe(status);
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
      expect(response.headers.get("access-control-expose-headers")).toContain("ETag");
      expect(response.headers.get("vary")).toMatch(/\bOrigin$/);
    }
  });

  it.each([
    other,
    "null",
    "https://CONSOLE.example.org",
    `${origin}/`,
    "http://console.example.org",
  ])("the origin %s gets no leave", async (stranger) => {
    const app = appFor(origin);
    const headers = { ...preflight.headers, origin: stranger };
    const refused = await app.request("/v1/config/a", { ...preflight, headers });
    expect(refused.status).toBe(405);
    const read = await app.request("/livez", { headers: { origin: stranger } });
    for (const response of [refused, read]) {
      expect(corsHeaders(response)).toEqual([]);
      expect(response.headers.get("vary")).toBe("Origin");
    }
  });
});
