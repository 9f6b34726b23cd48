import { afterAll, beforeAll, expect, it } from "vitest";
import { hasEnded, isTold, openClient, revisionsOf } from "../helpers/edge-hub/hub-client.ts";
import {
  edgeEntry,
  edgeKey,
  type HubEdge,
  startHubEdge,
} from "../helpers/edge-hub/start-hub-edge.ts";
import { eventually } from "../helpers/history/eventually.ts";
import type { StreamClient } from "../streams/stream-client.ts";

const epoch = "0123456789abcdef";
const reader = edgeKey();
const overs = ["events", "socket"] as const;

let edge: HubEdge;

beforeAll(async () => {
  edge = await startHubEdge();
  await edge.authority.begin(epoch, ["shop"], ["production"]);
  await edge.authority.setKeys([reader.stored], []);
});

afterAll(async () => {
  await edge?.stop();
});

const change = (): Promise<number> => edge.authority.commit([[edgeEntry({ key: "a" })]]);

/** Opens so many at one time, half of them over WebSockets; each goes on after its own id. */
const openAll = async (afters: readonly (string | undefined)[]): Promise<StreamClient[]> => {
  const opened: StreamClient[] = [];
  for (let start = 0; start < afters.length; start += 100) {
    const some = afters.slice(start, start + 100);
    opened.push(
      ...(await Promise.all(
        some.map((after, index) =>
          openClient(edge, reader.text, { over: index % 2 === 0 ? "events" : "socket", after }),
        ),
      )),
    );
  }
  return opened;
};

const allAre = (clients: readonly StreamClient[], holds: (client: StreamClient) => boolean) =>
  Promise.all(clients.map((client) => client.until(holds)));

it("1,000 clients of a hub that is killed all go on without a gap and without a repeat", async () => {
  const before = await openAll(Array.from({ length: 1_000 }, () => undefined));
  const told = [await change(), await change()];
  await allAre(before, isTold(told[1]!));
  // What is under way when it is killed reaches some of them, and others not.
  told.push(await change());
  await edge.hub("shop", "production").kill();
  await allAre(before, hasEnded);
  for (let count = 0; count < 5; count += 1) told.push(await change());
  const startedMs = performance.now();
  const after = await openAll(before.map((client) => client.lastId()));
  await allAre(after, isTold(told.at(-1)!));
  console.log(`1,000 clients went on in ${Math.round(performance.now() - startedMs)} ms`);
  told.push(await change());
  await allAre(after, isTold(told.at(-1)!));
  const rows = new Set(before.map((client, index) => revisionsOf(client, after[index]!).join()));
  expect(rows).toEqual(new Set([told.join()]));
  const others = after.flatMap(({ events }) => events()).filter(({ event }) => event !== "change");
  expect(others).toEqual([]);
  for (const client of after) client.cut();
}, 120_000);

/** Each of these is told as an event of about 50 KB. */
const largeSet = Array.from({ length: 500 }, (_, index) => edgeEntry({ key: `key.${index}` }));
const revisionsAtOnce = 10;
/** More than the kernel and the runtime hold between, which is not the hub's to limit. */
const batches = 80;

it.each(overs)(
  "a client over %s that takes nothing is dropped, others are told all the while, and it goes on when it comes back",
  async (over) => {
    const fast = await openClient(edge, reader.text);
    const slow = await openClient(edge, reader.text, { over });
    const first = (await change()) + 1;
    await slow.until(isTold(first - 1));
    slow.pause();
    const streams = async (): Promise<number> =>
      (await edge.hub("shop", "production").figures()).streams;
    let last = first;
    for (let count = 0; count < batches; count += 1) {
      last = await edge.authority.commit(Array.from({ length: revisionsAtOnce }, () => largeSet));
      await fast.until(isTold(last));
    }
    expect(await eventually(async () => (await streams()) === 1, 60_000)).toBe(true);
    slow.resume();
    await slow.until(hasEnded);
    const again = await openClient(edge, reader.text, { after: slow.lastId() });
    await again.until(isTold(last));
    const all = Array.from({ length: last - first + 2 }, (_, index) => first - 1 + index);
    expect(revisionsOf(slow, again)).toEqual(all);
    expect(revisionsOf(slow).length).toBeLessThan(all.length);
    expect(revisionsOf(fast)).toEqual(all);
    for (const client of [fast, again]) client.cut();
  },
  120_000,
);
