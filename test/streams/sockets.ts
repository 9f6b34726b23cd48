import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { commit, put, unique } from "../conformance/vocabulary.ts";
import { openEvents, openSocket, type StreamClient } from "./stream-client.ts";
import type { StreamArea } from "./suite.ts";

export const sockets: StreamArea = (api, server) => {
  const target = (query: Readonly<Record<string, string>>) => {
    const { adminKey, url } = server();
    return { url, query, headers: { "x-api-key": adminKey } };
  };

  describe("a WebSocket", () => {
    it("tells the same as the event stream, and resumes the same", async () => {
      const app = unique("alike");
      const { revision } = await commit(api, [put({ app, key: "begin", value: 0 })]);
      const events = await openEvents(target({ app, values: "true" }));
      const socket = await openSocket(target({ app, values: "true" }));
      for (let round = 0; round < 10; round += 1) {
        const key = `key.${round % 3}`;
        await commit(api, [put({ app, key, value: { round, text: "ä\u2028\n" } })]);
      }
      const last = `-${revision + 10}`;
      const hasAll = ({ lastId }: Pick<StreamClient, "lastId">) => lastId()?.endsWith(last);
      for (const client of [events, socket]) await client.until((one) => hasAll(one) === true);
      const told = (client: { events(): readonly { id: string }[] }) =>
        client.events().filter(({ id }) => Number(id.split("-")[1]) > revision);
      expect(told(socket)).toEqual(told(events));
      expect(told(socket)).toHaveLength(10);
      const after = told(socket)[4]!.id;
      const [eventsAgain, socketAgain] = [
        await openEvents({ ...target({ app, values: "true" }) }),
        await openSocket(target({ app, values: "true", after })),
      ];
      await socketAgain.until((one) => hasAll(one) === true);
      expect(socketAgain.events().map(({ id }) => id)).toEqual(
        told(events)
          .slice(5)
          .map(({ id }) => id),
      );
      for (const client of [events, socket, eventsAgain, socketAgain]) client.cut();
    });

    it.each([
      ["anything", "hello", 1008],
      ["a message of 1 KiB", "x".repeat(1_024), 1008],
      ["a message of more", "x".repeat(1_025), 1009],
      ["bytes", Buffer.alloc(10), expect.any(Number)],
    ])("is closed by the server when the client says %s", async (_, message, code) => {
      const client = await openSocket(target({}));
      client.socket.send(message);
      await client.until(({ endedWith }) => endedWith() !== undefined);
      expect(client.endedWith()).toEqual(code);
    });

    it("has an event stream beside it that nothing compresses, which would hold it back", async () => {
      const { headers, ...rest } = target({});
      const client = await openEvents({
        ...rest,
        headers: { ...headers, "accept-encoding": "gzip, br" },
      });
      await client.until(({ received }) => received.length > 0);
      expect(client.received[0]?.id).toMatch(/^[0-9a-f]{16}-\d+$/);
      client.cut();
    });

    it("answers a ping", async () => {
      const client = await openSocket(target({}));
      client.socket.ping("there?");
      const [said] = (await once(client.socket, "pong")) as [Buffer];
      expect(said.toString()).toBe("there?");
      client.cut();
    });

    it("is refused as any other request is", async () => {
      const { adminKey, url } = server();
      const refused = { ...target({}), headers: { "x-api-key": "nobody" } };
      await expect(openSocket(refused)).rejects.toThrow("401");
      await expect(openSocket(target({ app: "no-such-app" }))).rejects.toThrow("404");
      await expect(openSocket(target({ unknown: "1" }))).rejects.toThrow("400");
      const plain = { method: "GET", path: "/v1/stream/ws", headers: { "x-api-key": adminKey } };
      expect((await api.send(plain)).status).toBe(400);
      expect(url).toBeTruthy();
    });
  });
};
