import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../helpers/free-port.ts";
import { type StartedProcess, startProcess } from "../helpers/start-process.ts";
import { programPath } from "../helpers/start-server.ts";
import { wranglerDev } from "../helpers/wrangler-dev.ts";

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Stands for an origin, and notes what it is sent. */
const received: Received[] = [];
const origin = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  request.on("end", () => {
    const { headers, method, url } = request;
    received.push({ method, url, headers, body });
    response.writeHead(url === "/moved" ? 302 : 201, { location: "/elsewhere", "x-own": "1" });
    response.end("answered");
  });
});

let folder: string;
let url: string;
let worker: StartedProcess;

beforeAll(async () => {
  await once(origin.listen(0, "127.0.0.1"), "listening");
  folder = await mkdtemp(join(tmpdir(), "fairlead-forward-"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const { port: originPort } = origin.address() as AddressInfo;
  const settings = { ORIGIN_URL: `http://127.0.0.1:${originPort}` };
  const { command, env } = await wranglerDev({ folder, port, settings });
  worker = await startProcess({
    command,
    folder: join(import.meta.dirname, "../.."),
    env: { PATH: programPath(), HOME: folder, ...env },
    readyUrl: `${url}/livez`,
  });
});

beforeEach(() => {
  received.length = 0;
});

afterAll(async () => {
  await worker?.stop();
  origin.close();
  await rm(folder, { recursive: true, force: true });
});

describe("a Worker that has nothing but an origin", () => {
  it("hands it everything, once, as it was sent", async () => {
    const response = await fetch(`${url}/v1/changes?a=%20b+c&d=%2F`, {
      method: "POST",
      headers: { "idempotency-key": "k", authorization: "Bearer x", "content-type": "text/plain" },
      body: "a bödy",
    });
    expect([response.status, await response.text()]).toEqual([201, "answered"]);
    expect(response.headers.get("x-own")).toBe("1");
    expect(received).toMatchObject([
      {
        method: "POST",
        url: "/v1/changes?a=%20b+c&d=%2F",
        body: "a bödy",
        headers: { "idempotency-key": "k", authorization: "Bearer x" },
      },
    ]);
  });

  it("lets the client follow redirects", async () => {
    const response = await fetch(`${url}/moved`, { redirect: "manual" });
    expect(response.status).toBe(302);
    expect(received).toHaveLength(1);
  });

  it("believes nothing that a client says of where it comes from", async () => {
    const claimed = {
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-host": "evil",
      forwarded: "for=1",
    };
    await fetch(`${url}/v1/config`, { headers: { ...claimed, "x-forwarded-proto": "https" } });
    const { headers } = received[0]!;
    expect(headers["x-forwarded-for"] ?? "").not.toContain("1.2.3.4");
    expect(headers["x-forwarded-host"] ?? "").not.toContain("evil");
    expect(headers["forwarded"]).toBeUndefined();
  });
});
