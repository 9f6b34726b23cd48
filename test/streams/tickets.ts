import { describe, expect, it } from "vitest";
import { createKey } from "../conformance/limited-keys.ts";
import { commit, put, unique } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { openEvents, openSocket } from "./stream-client.ts";
import type { StreamArea } from "./suite.ts";

interface Issued {
  readonly ticket: string;
  readonly expiresAt: string;
}

export const tickets: StreamArea = (api, server) => {
  describe("a ticket", () => {
    it.each([
      ["an event stream", openEvents],
      ["a WebSocket", openSocket],
    ])("opens %s of what it says, without any header, time and again", async (_, open) => {
      const app = unique("ticketed");
      const environment = "production";
      await commit(api, [put({ app, key: "begin", value: 0 })]);
      const { body } = await api.post<Issued>("/v1/stream/tickets", {
        app,
        environment,
        prefix: "db.",
        values: true,
      });
      const { url } = server();
      const query = { ticket: body.ticket };
      const client = await open({ url, query });
      await client.until(({ received }) => received.length > 0);
      const { revision } = await commit(api, [
        put({ app, environment, key: "db.size", value: 20 }),
        put({ app, environment, key: "mail.host", value: "hidden" }),
      ]);
      await client.until(({ events }) => events().length > 0);
      expect(client.events()[0]?.data).toMatchObject({
        data: { revision, changes: [{ key: "db.size", value: 20 }] },
      });
      client.cut();
      const next = await commit(api, [put({ app, key: "db.size", value: 30 })]);
      const again = await open({ url, query: { ...query, after: client.lastId()! } });
      await again.until(({ events }) => events().length > 0);
      expect(again.events()[0]?.data).toMatchObject({ data: { revision: next.revision } });
      again.cut();
      expect(server().output()).not.toContain(body.ticket.slice(4, 40));
    });

    it("is no use for anything else, nor beside a key or another filter", async () => {
      const { body } = await api.post<Issued>("/v1/stream/tickets", {});
      const key = { "x-api-key": server().adminKey };
      const ticket = encodeURIComponent(body.ticket);
      const bearer = { authorization: `Bearer ${body.ticket}` };
      const send = (path: string, headers = {}) => api.send({ method: "GET", path, headers });
      expect(await send("/v1/config", bearer)).toBeProblem("UNAUTHENTICATED");
      expect(await send(`/v1/config?ticket=${ticket}`)).toBeProblem("UNAUTHENTICATED");
      expect(await send(`/v1/stream?ticket=${ticket}`, key)).toBeProblem("INVALID_INPUT");
      for (const more of ["app=pay", "environment=production", "prefix=db", "values=true"]) {
        expect(await send(`/v1/stream?ticket=${ticket}&${more}`)).toBeProblem("INVALID_INPUT");
      }
      const changed = `${ticket.slice(0, -3)}AAA`;
      expect(await send(`/v1/stream?ticket=${changed}`)).toBeProblem("UNAUTHENTICATED");
      expect(await send(`/v1/stream?ticket=${ticket}`)).toHaveStatus(200);
      expect(server().output()).not.toContain(body.ticket.slice(4, 40));
    });

    it("is void, and its stream ends, when its key is revoked", async () => {
      const holder = await createKey(api, [{ role: "viewer" }]);
      const { body } = await holder.api.post<Issued>("/v1/stream/tickets", {});
      const { url } = server();
      const client = await openEvents({ url, query: { ticket: body.ticket } });
      await api.delete(`/v1/api-keys/${holder.id}`);
      await client.until(({ endedWith }) => endedWith() !== undefined);
      expect(client.events()).toMatchObject([{ event: "close", data: { reason: "key-ended" } }]);
      const path = `/v1/stream?ticket=${encodeURIComponent(body.ticket)}`;
      expect(await api.send({ method: "GET", path })).toBeProblem("UNAUTHENTICATED");
    });
  });
};
