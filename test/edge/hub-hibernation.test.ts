import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { hasEnded, isTold, openClient, revisionsOf } from "../helpers/edge-hub/hub-client.ts";
import {
  edgeEntry,
  edgeKey,
  type HubEdge,
  startHubEdge,
} from "../helpers/edge-hub/start-hub-edge.ts";
import type { StreamClient } from "../streams/stream-client.ts";

const epoch = "0123456789abcdef";
const over = "socket";
const limited = edgeKey([{ role: "viewer", effect: "allow", keys: ["open.*"] }]);

/** Workerd evicts what has had nothing to do for ten seconds, and tells nobody. */
const untilEvicted = (): Promise<void> => sleep(11_000);

/** Asked of another hub, so that it wakes none that is evicted. */
const livesOf = async (edge: HubEdge): Promise<number> =>
  (await edge.hub("witness", "production").lives())[JSON.stringify(["shop", "production"])] ?? 0;

const edges: HubEdge[] = [];

afterAll(async () => {
  for (const edge of edges) await edge.stop();
});

const startWith = async (
  alarmMs: number,
  keys: readonly ReturnType<typeof edgeKey>[],
): Promise<HubEdge> => {
  const edge = await startHubEdge({ ALARM_MS: String(alarmMs) });
  edges.push(edge);
  await edge.authority.begin(epoch, ["shop"], ["production"]);
  await edge.authority.setKeys(
    keys.map(({ stored }) => stored),
    [],
  );
  return edge;
};

const change = (edge: HubEdge, key: string): Promise<number> =>
  edge.authority.commit([[edgeEntry({ key })]]);

const endOf = async (client: StreamClient): Promise<unknown> => {
  await client.until(hasEnded);
  return [client.endedWith(), client.events().map(({ data, event }) => [event, data])];
};

it.concurrent("an evicted hub goes on with its WebSockets, without a gap and without a repeat", async () => {
  const reader = edgeKey();
  const edge = await startWith(60_000, [reader, limited]);
  const all = await openClient(edge, reader.text, { over });
  const some = await openClient(edge, limited.text, { over });
  const first = [await change(edge, "open.a"), await change(edge, "closed.a")];
  await all.until(isTold(first[1]!));
  await some.until(isTold(first[0]!));
  expect(await livesOf(edge)).toBe(1);
  await untilEvicted();
  const second = [await change(edge, "closed.a"), await change(edge, "open.a")];
  await all.until(isTold(second[1]!));
  await some.until(isTold(second[1]!));
  expect(await livesOf(edge)).toBe(2);
  await untilEvicted();
  // What no wake-up told of, the log has.
  await edge.authority.setDeaf(true);
  const third = await change(edge, "open.a");
  await edge.authority.setDeaf(false);
  const fourth = await change(edge, "open.a");
  await all.until(isTold(fourth));
  await some.until(isTold(fourth));
  expect(await livesOf(edge)).toBe(3);
  expect(revisionsOf(all)).toEqual([...first, ...second, third, fourth]);
  expect(revisionsOf(some)).toEqual([first[0], second[1], third, fourth]);
  expect([...all.events(), ...some.events()].map(({ event }) => event)).not.toContain("reset");
});

it.concurrent("an evicted hub ends the WebSockets of keys that changed meanwhile, and closes what speaks", async () => {
  const [gone, changed, speaker] = [edgeKey(), edgeKey(), edgeKey()];
  const edge = await startWith(60_000, [gone, changed, speaker]);
  const clients = await Promise.all(
    [gone, changed].map(({ text }) => openClient(edge, text, { over })),
  );
  const speaking = await openClient(edge, speaker.text, { over });
  await untilEvicted();
  (speaking as unknown as { socket: { send(text: string): void } }).socket.send("hello");
  await speaking.until(hasEnded);
  expect(speaking.endedWith()).toBe(1008);
  await edge.authority.setKeys(
    [
      { ...gone.stored, revoked: true },
      { ...changed.stored, grants: limited.stored.grants },
      speaker.stored,
    ],
    [],
  );
  const data = (reason: string) => expect.objectContaining({ reason });
  expect(await endOf(clients[0]!)).toEqual([4401, [["close", data("key-ended")]]]);
  expect(await endOf(clients[1]!)).toEqual([
    4403,
    [
      ["reset", data("grants-changed")],
      ["close", data("grants-changed")],
    ],
  ]);
  expect(await livesOf(edge)).toBe(2);
});

it.concurrent("a WebSocket gets signs of life from a hub that is evicted between them", async () => {
  const reader = edgeKey();
  const edge = await startWith(12_000, [reader]);
  const client = await openClient(edge, reader.text, { over });
  const revision = await change(edge, "open.a");
  await client.until(isTold(revision));
  const known = client.received.length;
  await client.until(({ received }) => received.length > known);
  expect(client.received.slice(known)).toContainEqual({ id: `${epoch}-${revision}` });
  expect(client.events()).toHaveLength(1);
  expect(await livesOf(edge)).toBe(2);
});
