import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { exchange } from "./exchange.ts";
import { readAll } from "./read-all.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers with what it was sent, and 404 where there is nothing. */
async function startEcho(asked: string[] = []): Promise<number> {
  const server = createServer((req, res) => {
    asked.push(req.url ?? "");
    if (req.url === "/nothing") res.writeHead(404).end("there is nothing");
    else req.pipe(res.setHeader("authorization", req.headers.authorization ?? ""));
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("answers with what came, and when", async () => {
  const port = await startEcho();
  const beforeNs = process.hrtime.bigint();
  const post = { port, method: "POST", path: "/", apiKey: "secret", body: "größer" } as const;
  const { atNs, headers, text } = await exchange(post);
  expect(text).toBe("größer");
  expect(headers.authorization).toBe("Bearer secret");
  expect(atNs).toBeGreaterThan(beforeNs);
  expect(atNs).toBeLessThan(process.hrtime.bigint());
});

test("any answer but success fails, so that it is never measured", async () => {
  const port = await startEcho();
  const get = { port, method: "GET", path: "/nothing", apiKey: "secret" } as const;
  await expect(exchange(get)).rejects.toThrow("/nothing answered 404: there is nothing");
});

test("every path is read once", async () => {
  const asked: string[] = [];
  const port = await startEcho(asked);
  const paths = Array.from({ length: 50 }, (_, index) => `/${index}`);
  const timesMs = await readAll({ port, apiKey: "secret" }, paths);
  expect(timesMs).toHaveLength(50);
  expect(asked.toSorted()).toEqual(paths.toSorted());
});
