/** Receivers of webhooks, one port each, that answer 204 at once and tell their parent of arrivals. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A revision that has arrived, and when: milliseconds since 1970. */
export interface Arrival {
  readonly revision: number;
  readonly atMs: number;
}

const count = Number(process.argv[2]);
let tells = false;

const startReceiver = async (): Promise<number> => {
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk: Buffer) => {
      if (tells) body += chunk.toString();
    });
    req.on("end", () => {
      if (tells) {
        const atMs = performance.timeOrigin + performance.now();
        const { data } = JSON.parse(body) as { data: { revision: number } };
        process.send?.({ revision: data.revision, atMs } satisfies Arrival);
      }
      res.writeHead(204).end();
    });
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

const ports: number[] = [];
for (let index = 0; index < count; index += 1) ports.push(await startReceiver());
process.on("message", (message) => {
  tells = message === "tell";
});
process.on("disconnect", () => process.exit());
process.send?.(ports);
