import { describe, expect, it } from "vitest";
import { commit, put, unique } from "../conformance/vocabulary.ts";
import { revisionOf } from "../helpers/streams/recording-outlet.ts";
import { changesIn, openEvents, openSocket } from "./stream-client.ts";
import type { StreamArea } from "./suite.ts";

export const slowClients: StreamArea = (api, server) => {
  describe("a client that takes nothing", () => {
    it.each([
      ["an event stream", openEvents],
      ["a WebSocket", openSocket],
    ])("is dropped, and others go on; it resumes where it was: %s", async (_, over) => {
      const app = unique("slow");
      await commit(api, [put({ app, key: "large", value: "" })]);
      const { adminKey, url } = server();
      const target = { url, query: { app, values: "true" }, headers: { "x-api-key": adminKey } };
      const [slow, quick] = [await over(target), await over(target)];
      await slow.until(({ received }) => received.length > 0);
      slow.pause();
      const committed: number[] = [];
      // More than the buffers of two kernels and the server's hold.
      for (let round = 0; round < 250; round += 1) {
        const value = `${round} `.padEnd(60_000, "x");
        committed.push((await commit(api, [put({ app, key: "large", value })])).revision);
      }
      await quick.until(({ lastId }) => revisionOf(lastId() ?? "") === committed.at(-1));
      expect(changesIn(quick.events())).toEqual(expect.arrayContaining(committed));
      slow.resume();
      await slow.until(({ endedWith }) => endedWith() !== undefined);
      const before = changesIn(slow.events());
      expect(before.length).toBeLessThan(250);
      const again = await over({ ...target, query: { ...target.query, after: slow.lastId()! } });
      await again.until(({ lastId }) => revisionOf(lastId() ?? "") === committed.at(-1));
      const told = [...before, ...changesIn(again.events())];
      expect(told.filter((revision) => revision >= committed[0]!)).toEqual(committed);
      quick.cut();
      again.cut();
    });
  });
};
