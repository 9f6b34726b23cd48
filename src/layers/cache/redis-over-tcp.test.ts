import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, inject, it } from "vitest";
import { startRedis } from "../../../test/helpers/start-redis.ts";
import { connectRedis } from "./redis-over-tcp.ts";

describe("a connection to Redis", () => {
  it("fails what is asked while Redis is away, and is there again when that is", async () => {
    const server = await startRedis(inject("redisProgram"));
    const redis = connectRedis(server.url);
    try {
      await redis.hashSet("key", { field: "value" });
      await server.stop();
      await expect(redis.hashGet("key", ["field"])).rejects.toBeInstanceOf(Error);
      await expect(redis.hashGet("key", ["field"])).rejects.toBeInstanceOf(Error);
      await server.start();
      expect(await redis.hashGet("key", ["field"])).toEqual([null]);
      await redis.hashSet("key", { field: "value" });
      expect(await redis.hashGet("key", ["field"])).toEqual(["value"]);
    } finally {
      await redis.close();
      await server.remove();
    }
    await expect(redis.hashGet("key", ["field"])).rejects.toThrow("closed");
  });

  it("is given up where nothing is ever answered", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket.resume().on("error", () => {}));
    }).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const redis = connectRedis(`redis://127.0.0.1:${port}`);
    await expect(redis.hashGet("key", ["field"])).rejects.toThrow("did not answer");
    const [socket] = sockets;
    if (!socket!.closed) await once(socket!, "close");
    silent.close();
    await redis.close();
  });
});
