import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { type Reader, startReader } from "./start-reader.ts";

let server: Server | undefined;
let reader: Reader | undefined;
afterEach(async () => {
  await reader?.stop().catch(() => undefined);
  server?.closeAllConnections();
  server?.close();
});

/** Shows what `next` says; a failure where that is nothing. */
const readFrom = async (next: () => number | undefined, patienceMs = 30_000): Promise<Reader> => {
  server = createServer((_req, res) => {
    const revision = next();
    if (revision === undefined) res.writeHead(503).end();
    else res.setHeader("config-revision", revision).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  reader = startReader({ port, path: "/", apiKey: "", pauseMs: 0, patienceMs });
  return reader;
};

test("a revision counts as shown with the first answer that is not older, asked for in time or late", async () => {
  const shown = [3, 3, 5, 4, 5, 9];
  const started = process.hrtime.bigint();
  const one = await readFrom(() => shown.shift() ?? 9);
  const early = one.untilShown(4);
  const last = await one.untilShown(9);
  const late = await one.untilShown(5);
  expect(await early).toBe(late);
  expect(late).toBeLessThan(last);
  expect(late).toBeGreaterThan(started);
});

test("who waits for a revision hears of an answer that is none", async () => {
  const shown = [1];
  const one = await readFrom(() => shown.shift());
  await expect(one.untilShown(2)).rejects.toThrow("answered 503");
});

test("a revision that never comes is given up", async () => {
  const one = await readFrom(() => 1, 10);
  await expect(one.untilShown(2)).rejects.toThrow("revision 2 was not shown");
});
