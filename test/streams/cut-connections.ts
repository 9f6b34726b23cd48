import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { commit, put, unique } from "../conformance/vocabulary.ts";
import { type ReceivedEvent, revisionOf } from "../helpers/streams/recording-outlet.ts";
import { changesIn, openEvents, openSocket, type StreamClient } from "./stream-client.ts";
import type { StreamArea } from "./suite.ts";

interface ChangePage {
  readonly items: readonly { readonly revision: number }[];
  readonly nextCursor?: string;
}

export const cutConnections: StreamArea = (api, server) => {
  const environment = "production";

  const open = (app: string, after: string | undefined, over = openEvents) => {
    const { adminKey, url } = server();
    const headers = {
      "x-api-key": adminKey,
      ...(after === undefined || over !== openEvents ? {} : { "last-event-id": after }),
    };
    const query = { app, environment, ...(over === openEvents ? {} : { after: after ?? "" }) };
    if (query.after === "") delete (query as { after?: string }).after;
    return over({ url, query, headers });
  };

  /** The revisions after one that `GET /v1/changes` lists, all of them or those of an app. */
  const listedAfter = async (after: number, filter = ""): Promise<number[]> => {
    const found: number[] = [];
    let cursor: string | undefined;
    do {
      const page = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const path = `/v1/changes?after=${after}&limit=500${filter}${page}`;
      const { body } = await api.get<ChangePage>(path);
      found.push(...body.items.map(({ revision }) => revision));
      cursor = body.nextCursor;
    } while (cursor !== undefined);
    return found.sort((one, other) => one - other);
  };

  describe("a client whose connection is cut", () => {
    it("misses nothing and hears nothing twice, however often, while others write", async () => {
      const app = unique("cut");
      await commit(api, [put({ app, key: "begin", value: 0 })]);
      let writing = true;
      const write = async (writer: number): Promise<void> => {
        for (let round = 0; writing; round += 1) {
          const scope = [{}, { app }, { environment }, { app, environment }, { app: "other" }];
          await commit(api, [put({ ...scope[round % 5], key: `k${writer}`, value: round })]);
        }
      };
      const writers = Array.from({ length: 4 }, (_, writer) => write(writer));
      const wander = async (over: typeof openEvents) => {
        const received: ReceivedEvent[] = [];
        let after: string | undefined;
        for (let connection = 0; connection < 25; connection += 1) {
          const client = await open(app, after, over);
          await sleep(Math.random() * 40);
          client.cut();
          received.push(...client.received);
          after = client.lastId() ?? after;
        }
        return { over, received, after };
      };
      const wanderers = await Promise.all(
        Array.from({ length: 12 }, (_, index) => wander(index % 3 === 0 ? openSocket : openEvents)),
      );
      writing = false;
      await Promise.all(writers);
      const { revision } = await commit(api, [put({ app, key: "end", value: 1 })]);
      for (const { after, over, received } of wanderers) {
        const client = await open(app, after, over);
        await client.until(({ events }) => events().some(({ id }) => revisionOf(id) === revision));
        client.cut();
        const all = [...received, ...client.received];
        expect(all.filter(({ event }) => event !== undefined && event !== "change")).toEqual([]);
        const ids = all.map(({ id }) => revisionOf(id));
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        const others = new Set(await listedAfter(ids[0]!, "&app=other"));
        const owed = (await listedAfter(ids[0]!)).filter((one) => !others.has(one));
        expect(changesIn(all)).toEqual(owed);
      }
    });

    it("is one of a thousand, who are all told what they missed, while a request is answered", async () => {
      const app = unique("thousand");
      await commit(api, [put({ app, key: "begin", value: 0 })]);
      const clients: StreamClient[] = [];
      for (let batch = 0; batch < 10; batch += 1) {
        clients.push(
          ...(await Promise.all(Array.from({ length: 100 }, () => open(app, undefined)))),
        );
      }
      const { revision } = await commit(api, [put({ app, key: "before", value: 1 })]);
      for (const client of clients) {
        await client.until(({ lastId }) => revisionOf(lastId() ?? "") === revision);
      }
      for (const client of clients) client.cut();
      const missed: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        missed.push((await commit(api, [put({ app, key: "missed", value: round })])).revision);
      }
      const answered = api.get("/v1/environments");
      const again = await Promise.all(clients.map((client) => open(app, client.lastId())));
      expect((await answered).status).toBe(200);
      for (const client of again) {
        await client.until(({ events }) => events().length === 5);
        expect(changesIn(client.events())).toEqual(missed);
        client.cut();
      }
    });
  });
};
