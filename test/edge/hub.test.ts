import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasEnded, isTold, openClient, revisionsOf } from "../helpers/edge-hub/hub-client.ts";
import {
  edgeEntry,
  edgeKey,
  type HubEdge,
  startHubEdge,
} from "../helpers/edge-hub/start-hub-edge.ts";
import { eventually } from "../helpers/history/eventually.ts";
import { openSocket, type SocketClient } from "../streams/stream-client.ts";

const epoch = "0123456789abcdef";
const reader = edgeKey();
const limited = edgeKey([{ role: "viewer", effect: "allow", keys: ["open.*"] }]);

let edge: HubEdge;

beforeAll(async () => {
  edge = await startHubEdge();
  await edge.authority.begin(epoch, ["shop", "other"], ["production"]);
  await edge.authority.setKeys([reader.stored, limited.stored], []);
});

afterAll(async () => {
  await edge?.stop();
});

const change = (key = "a", app = "shop"): Promise<number> =>
  edge.authority.commit([[edgeEntry({ key, app })]]);

const overs = ["events", "socket"] as const;

describe.each(overs)("a hub's stream over %s", (over) => {
  it("tells of a change to its app when it is committed, and of no other", async () => {
    const client = await openClient(edge, reader.text, { over });
    await change("a", "other");
    const revision = await change("a");
    await client.until(isTold(revision));
    expect(client.events()).toMatchObject([
      {
        id: `${epoch}-${revision}`,
        event: "change",
        data: { data: { revision, changes: [{ op: "put", app: "shop", key: "a" }] } },
      },
    ]);
    client.cut();
  });

  it("goes on where its client stopped, without a gap and without a repeat", async () => {
    const before = await openClient(edge, reader.text, { over });
    const first = await change();
    await before.until(isTold(first));
    before.cut();
    const missed = [await change(), await change(), await change()];
    const after = await openClient(edge, reader.text, { over, after: before.lastId() });
    missed.push(await change());
    await after.until(isTold(missed.at(-1)!));
    expect(revisionsOf(before, after)).toEqual([first, ...missed]);
    after.cut();
  });

  it("goes on by the authority's log where the hub was not there", async () => {
    const before = await openClient(edge, reader.text, { over });
    const first = await change();
    await before.until(isTold(first));
    await edge.hub("shop", "production").kill();
    await before.until(hasEnded);
    const sets = Array.from({ length: 700 }, (_, index) => [edgeEntry({ key: `k${index}` })]);
    const last = await edge.authority.commit(sets);
    const after = await openClient(edge, reader.text, { over, after: before.lastId() });
    await after.until(isTold(last));
    expect(revisionsOf(before, after)).toEqual(
      Array.from({ length: 701 }, (_, index) => first + index),
    );
    after.cut();
  });

  it("says reset past the log, for another epoch, and for an id that is none", async () => {
    const past = `${epoch}-${await change()}`;
    await change();
    await change();
    await edge.authority.forget(1);
    await edge.hub("shop", "production").kill();
    const expected = [
      [past, "past-retention"],
      ["fedcba9876543210-1", "other-epoch"],
      ["nonsense", "unknown-id"],
    ] as const;
    for (const [after, reason] of expected) {
      const client = await openClient(edge, reader.text, { over, after });
      await client.until(({ events }) => events().length > 0);
      expect(client.events()).toMatchObject([{ event: "reset", data: { reason } }]);
      const revision = await change();
      await client.until(isTold(revision));
      client.cut();
    }
  });

  it("is told what its key may read, and nothing else", async () => {
    const client = await openClient(edge, limited.text, { over });
    await change("closed.a");
    const revision = await change("open.a");
    await client.until(isTold(revision));
    expect(revisionsOf(client)).toEqual([revision]);
    client.cut();
  });

  it("ends when its key is revoked, and others go on", async () => {
    const gone = edgeKey();
    await edge.authority.setKeys([reader.stored, limited.stored, gone.stored], []);
    const [ending, going] = [
      await openClient(edge, gone.text, { over }),
      await openClient(edge, reader.text, { over }),
    ];
    const revoked = { ...gone.stored, revoked: true };
    await edge.authority.setKeys([reader.stored, limited.stored, revoked], []);
    await ending.until(hasEnded);
    expect(ending.events()).toMatchObject([{ event: "close", data: { reason: "key-ended" } }]);
    expect(ending.endedWith()).toBe(over === "events" ? 0 : 4401);
    const revision = await change();
    await going.until(isTold(revision));
    going.cut();
  });

  it("ends when its key may read something else", async () => {
    const other = edgeKey();
    await edge.authority.setKeys([reader.stored, limited.stored, other.stored], []);
    const client = await openClient(edge, other.text, { over });
    const { grants } = limited.stored;
    await edge.authority.setKeys([reader.stored, limited.stored, { ...other.stored, grants }], []);
    await client.until(hasEnded);
    expect(client.events()).toMatchObject([
      { event: "reset", data: { reason: "grants-changed" } },
      { event: "close", data: { reason: "grants-changed" } },
    ]);
  });

  it("is told to read anew when the history is another one", async () => {
    const client = await openClient(edge, reader.text, { over });
    await edge.authority.begin("aaaaaaaaaaaaaaaa", ["shop", "other"], ["production"]);
    await client.until(({ events }) => events().length > 0);
    expect(client.events()).toMatchObject([{ event: "reset", data: { reason: "other-epoch" } }]);
    await edge.authority.begin(epoch, ["shop", "other"], ["production"]);
    await client.until(({ events }) => events().length > 1);
    client.cut();
  });

  it("learns of a change though no wake-up comes", async () => {
    const client = await openClient(edge, reader.text, { over });
    const events = await openClient(edge, reader.text);
    await edge.authority.setDeaf(true);
    const revision = await change();
    await client.until(isTold(revision));
    expect(revisionsOf(client)).toEqual([revision]);
    await edge.authority.setDeaf(false);
    client.cut();
    events.cut();
  });
});

describe("a hub", () => {
  const isJoined = async (): Promise<boolean> => (await edge.authority.figures()).hubs === 1;
  // That an event stream was cut is noticed at the next beat, 12 s later at most.
  const hasLeft = () => eventually(async () => !(await isJoined()), 25_000);

  it.each(overs)(
    "joins the authority for its first stream over %s, and leaves after the last",
    async (over) => {
      expect(await hasLeft()).toBe(true);
      const clients = [
        await openClient(edge, reader.text, { over }),
        await openClient(edge, reader.text, { over }),
      ];
      expect(await eventually(isJoined, 10_000)).toBe(true);
      clients[0]?.cut();
      const revision = await change();
      await clients[1]?.until(isTold(revision));
      expect(await isJoined()).toBe(true);
      clients[1]?.cut();
      expect(await hasLeft()).toBe(true);
    },
    70_000,
  );

  it("refuses who is not known, what does not exist, and what is no WebSocket", async () => {
    const ask = async (path: string, key: string, method = "GET"): Promise<number> => {
      const response = await fetch(`${edge.url}${path}`, { method, headers: { "x-api-key": key } });
      await response.body?.cancel();
      return response.status;
    };
    const query = "?app=shop&environment=production";
    expect(await ask(`/v1/stream${query}`, edgeKey().text)).toBe(401);
    expect(await ask("/v1/stream?app=none&environment=production", reader.text)).toBe(404);
    expect(await ask(`/v1/stream${query}&nonsense=1`, reader.text)).toBe(400);
    expect(await ask(`/v1/stream/ws${query}`, reader.text)).toBe(400);
    expect(await ask(`/v1/stream${query}`, reader.text, "HEAD")).toBe(200);
  });

  it.each([
    ["a word", "hello", 1008],
    ["bytes", Buffer.from([1, 2]), 1009],
    ["much", "x".repeat(2_000), 1009],
  ])("closes a WebSocket that sends %s", async (_what, data, code) => {
    const client: SocketClient = await openSocket({
      url: edge.url,
      query: { app: "shop", environment: "production" },
      headers: { "x-api-key": reader.text },
    });
    const closed = once(client.socket, "close");
    client.socket.send(data);
    expect((await closed)[0]).toBe(code);
  });
});
