import { describe, expect, it } from "vitest";
import { createKey } from "../conformance/limited-keys.ts";
import { openEvents, openSocket } from "./stream-client.ts";
import type { StreamArea } from "./suite.ts";

export const revokedKeys: StreamArea = (api, server) => {
  describe("a stream ends", () => {
    it("when its key is revoked, and others go on", async () => {
      const [gone, stays] = [
        await createKey(api, [{ role: "viewer" }]),
        await createKey(api, [{ role: "viewer" }]),
      ];
      const { url } = server();
      const targetOf = ({ key }: { key: string }) => ({
        url,
        query: {},
        headers: { "x-api-key": key },
      });
      const ending = [await openEvents(targetOf(gone)), await openSocket(targetOf(gone))];
      const going = [await openEvents(targetOf(stays)), await openSocket(targetOf(stays))];
      await api.delete(`/v1/api-keys/${gone.id}`);
      for (const client of ending) {
        await client.until(({ endedWith }) => endedWith() !== undefined);
        expect(client.events()).toMatchObject([{ event: "close", data: { reason: "key-ended" } }]);
      }
      expect(ending.map((client) => client.endedWith())).toEqual([0, 4401]);
      expect(going.map((client) => client.endedWith())).toEqual([undefined, undefined]);
      for (const client of going) client.cut();
    });
  });
};
