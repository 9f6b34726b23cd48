import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createClient } from "redis";

/** A REST interface like Upstash's, over a real Redis. */
export interface UpstashBridge {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** As Upstash's smallest plan. */
const maxRequestBytes = 1024 * 1024;
const token = "the-token-of-the-bridge";

export const startUpstashBridge = async (redisUrl: string): Promise<UpstashBridge> => {
  const redis = createClient({ url: redisUrl, RESP: 2 });
  redis.on("error", () => {});
  await redis.connect();

  const run = async (command: readonly unknown[]): Promise<object> => {
    try {
      return { result: await redis.sendCommand(command.map(String)) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };

  const answer = async (req: IncomingMessage): Promise<readonly [number, unknown]> => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (req.headers.authorization !== `Bearer ${token}`) return [401, { error: "Unauthorized" }];
    if (body.length > maxRequestBytes) return [413, { error: "ERR max request size exceeded" }];
    const sent = JSON.parse(body.toString()) as unknown[];
    if (req.url !== "/pipeline") {
      const reply = await run(sent);
      return ["error" in reply ? 400 : 200, reply];
    }
    return [200, await Promise.all((sent as unknown[][]).map(run))];
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const [status, reply] = await answer(req);
    const isEncoded = req.headers["upstash-encoding"] === "base64";
    res.writeHead(status, { "Content-Type": "application/json" });
    res.end(JSON.stringify(isEncoded ? encode(reply) : reply));
  };

  const server = createServer((req, res) => {
    void serve(req, res);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    async close() {
      server.closeAllConnections();
      server.close();
      redis.destroy();
      await once(server, "close");
    },
  };
};

/** Texts of results travel as base64; errors do not. */
const encode = (reply: unknown): unknown => {
  if (Array.isArray(reply)) return reply.map(encode);
  const { result, ...rest } = reply as { readonly result?: unknown };
  return result === undefined ? rest : { ...rest, result: encodeResult(result) };
};

const encodeResult = (result: unknown): unknown => {
  if (Array.isArray(result)) return result.map(encodeResult);
  if (typeof result !== "string" || result === "OK") return result;
  return Buffer.from(result).toString("base64");
};
