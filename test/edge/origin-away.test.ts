import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { commit, propose } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { hasEnded, isTold, revisionsOf } from "../helpers/edge-hub/hub-client.ts";
import { publishPair, putPair, startPairReader } from "../helpers/edge-worker/pair-reader.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type EdgeUnderTest, startEdge } from "../helpers/start-edge.ts";
import { openEvents, openSocket } from "../streams/stream-client.ts";

const awayMs = 60_000;
/** Those at most 15 seconds apart that the minute holds for certain. */
const leastBeats = 4;

let running: EdgeUnderTest;
let edge: Api;
let origin: Api;

beforeAll(async () => {
  running = await startEdge({ MAX_STALENESS_MS: "4000" });
  edge = createApi(
    () => running,
    () => {},
  );
  origin = createApi(
    () => running.origin,
    () => {},
  );
}, 60_000);

afterEach(({ task }) => {
  if (task.result?.state === "fail") console.error(running.output());
});

afterAll(() => running?.stop());

it("an edge whose origin is away for a minute goes on with reads and streams, refuses writes, and catches up", async () => {
  // The edge has shown what it was not told yet: it must not need the origin for that any more.
  const place = await publishPair(edge, origin);
  // Neither can reach the other.
  running.toOrigin.refuse();
  running.toEdge.refuse();
  const awaySinceMs = performance.now();
  const reader = startPairReader(edge, place);
  await reader.until(({ status }) => status === 200);
  const { adminKey, url } = running;
  const target = { url, query: { ...place }, headers: { "x-api-key": adminKey } };
  const clients = await Promise.all([openEvents(target), openSocket(target)]);
  const { revision } = await commit(origin, putPair(place, 2));
  const stale = await reader.until(({ headers }) => headers.has("config-stale"));
  expect(stale.body.values).toEqual({ one: 1, other: 1 });
  while (performance.now() - awaySinceMs < awayMs) {
    const refused = await propose(edge, putPair(place, "refused"));
    expect(refused).toHaveStatus(503);
    expect(refused.body).toMatchObject({
      code: "UNAVAILABLE",
      detail: "The origin of this edge does not answer.",
    });
    expect(refused.headers.get("retry-after")).not.toBeNull();
    await sleep(1_000);
  }
  for (const client of clients) {
    await client.until(({ received }) => received.length >= leastBeats);
    expect(client.events()).toEqual([]);
    expect(hasEnded(client)).toBe(false);
  }
  running.toOrigin.pass();
  running.toEdge.pass();
  for (const client of clients) await client.until(isTold(revision));
  await reader.until(({ body }) => body.values.one === 2);
  await reader.until(({ headers }) => !headers.has("config-stale"));
  const { revision: next } = await commit(edge, putPair(place, 3));
  for (const client of clients) {
    await client.until(isTold(next));
    expect(revisionsOf(client)).toEqual([revision, next]);
    client.cut();
  }
  await reader.until(({ body }) => body.values.one === 3);
  expect(await reader.stop()).toEqual([]);
}, 180_000);
