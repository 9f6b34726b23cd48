import { describe, expect, it } from "vitest";
import { Problem } from "../errors.ts";
import { createLogger } from "../platform/log.ts";
import { parseSettings } from "../platform/settings.ts";
import { createDoor } from "./door.ts";
import { securityHeaders } from "./security-headers.ts";

const settings = parseSettings({ PUBLIC_URL: "https://config.example.org" });
const fields = Object.entries(securityHeaders(settings));

const setup = () => {
  const lines: string[] = [];
  return {
    lines,
    door: createDoor(
      settings,
      createLogger("info", (line) => lines.push(line)),
    ),
  };
};

const request = (path: string, headers: Record<string, string> = {}): Request =>
  new Request(`http://localhost${path}`, { headers });

describe("the door", () => {
  it.each([
    ["an answer", () => new Response("{}", { headers: { etag: '"1"' } }), 200],
    ["an answer without a body", () => new Response(null, { status: 304 }), 304],
    ["a problem", () => Promise.reject(new Problem("GONE", "It is gone.")), 410],
    ["a failure", () => Promise.reject(new Error("secret")), 500],
    // eslint-disable-next-line prefer-promise-reject-errors
    ["a failure that is no error", () => Promise.reject("secret"), 500],
  ])("gives %s the security headers", async (_what, answer, status) => {
    const { door } = setup();
    const response = await door(request("/v1/config"), answer);
    expect(response.status).toBe(status);
    expect([...response.headers]).toEqual(expect.arrayContaining(fields));
    expect(await response.text()).not.toContain("secret");
  });

  it("leaves an answer the headers that it has", async () => {
    const policy = "default-src 'self'";
    const response = await setup().door(
      request("/docs"),
      () => new Response("", { headers: { "content-security-policy": policy } }),
    );
    expect(response.headers.get("content-security-policy")).toBe(policy);
  });

  it("refuses a head that is too large before anybody answers it", async () => {
    const { door, lines } = setup();
    const never = (): never => {
      throw new Error("it was let through");
    };
    const id = "trace-4711";
    const long = await door(request(`/?${"q".repeat(9_000)}`, { "x-request-id": id }), never);
    expect(await long.json()).toMatchObject({ code: "URI_TOO_LONG", status: 414, requestId: id });
    const large = await door(request("/", { x: "v".repeat(17_000) }), never);
    expect(await large.json()).toMatchObject({ code: "HEADERS_TOO_LARGE", status: 431 });
    expect([...large.headers]).toEqual(expect.arrayContaining(fields));
    expect(lines).toEqual([]);
  });
});
