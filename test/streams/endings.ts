import { describe, expect, it } from "vitest";
import { openEvents, openSocket } from "./stream-client.ts";
import type { StreamArea } from "./suite.ts";

export const endings: StreamArea = (_api, server) => {
  describe("a stream ends", () => {
    it("when the server stops, which tells everybody to come back", async () => {
      const { adminKey, url } = server();
      const target = { url, query: {}, headers: { "x-api-key": adminKey } };
      const clients = [await openEvents(target), await openSocket(target)];
      await Promise.all([
        server().stop(),
        ...clients.map((client) => client.until(({ endedWith }) => endedWith() !== undefined)),
      ]);
      for (const client of clients) {
        expect(client.events()).toMatchObject([
          { event: "close", data: { reason: "stopping", retryMs: expect.any(Number) } },
        ]);
      }
      expect(clients[0]?.events()[0]?.retry).toEqual(expect.any(Number));
      expect(clients[1]?.endedWith()).toBe(1012);
    });
  });
};
