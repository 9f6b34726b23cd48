import { once } from "node:events";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import type { StreamArea } from "./suite.ts";

export const upgrades: StreamArea = (_api, server) => {
  describe("a WebSocket", () => {
    it("is not what an upgrade that nobody knows asks for", async () => {
      const { adminKey, url } = server();
      for (const [path, protocol] of [
        ["/v1/environments", "h2c"],
        ["/v1/environments", "websocket"],
      ] as const) {
        const headers = { "x-api-key": adminKey, connection: "upgrade", upgrade: protocol };
        const req = request(`${url}${path}`, { headers });
        req.end();
        const [response] = (await once(req, "response")) as [
          { statusCode: number; resume(): void },
        ];
        expect(response.statusCode).toBe(200);
        response.resume();
      }
    });
  });
};
