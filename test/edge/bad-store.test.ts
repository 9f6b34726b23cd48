import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../conformance/access-vocabulary.ts";
import { commit } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { isTold, revisionsOf } from "../helpers/edge-hub/hub-client.ts";
import {
  type PairPlace,
  type PairReader,
  publishPair,
  putPair,
  readPair,
  shows,
  startPairReader,
} from "../helpers/edge-worker/pair-reader.ts";
import { type OrderedEdge, startOrderedEdge } from "../helpers/edge-worker/start-ordered-edge.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { openEvents } from "../streams/stream-client.ts";

const patienceMs = 40_000;

let running: OrderedEdge;
let edge: Api;
let origin: Api;
let reader: PairReader | undefined;

beforeAll(async () => {
  running = await startOrderedEdge({ MAX_STALENESS_MS: "4000" });
  edge = createApi(
    () => running,
    () => {},
  );
  origin = createApi(
    () => running.origin,
    () => {},
  );
}, 60_000);

afterEach(async ({ task }) => {
  await reader?.stop();
  reader = undefined;
  running.toOrigin.pass();
  await running.orders.setAuthority("well");
  await running.orders.setStore("well");
  if (task.result?.state === "fail") console.error(running.output());
});

afterAll(() => running?.stop());

/** The origin answers nobody from then on. */
const beginPlace = async (): Promise<PairPlace> => {
  const place = await publishPair(edge, origin);
  await running.orders.renewIsolate();
  running.toOrigin.refuse();
  await eventually(() => readPair(edge, place), shows(1), patienceMs);
  return place;
};

const listen = async ({ app, environment }: PairPlace) => {
  const { adminKey, url } = running;
  const headers = { "x-api-key": adminKey };
  const client = await openEvents({ url, query: { app, environment }, headers });
  await client.until(({ received }) => received.length > 0);
  return client;
};

/** Whether KV has it again: an isolate that knows nothing finds what it asks for. */
const isFound = async (place: PairPlace): Promise<boolean> => {
  await running.orders.renewIsolate();
  const before = await running.orders.figures();
  expect(await readPair(edge, place)).toHaveStatus(200);
  const { asked, found } = await running.orders.figures();
  return asked > before.asked && asked - before.asked === found - before.found;
};

describe("an edge goes on with reads and streams, whole and never older,", () => {
  it.each([
    ["sees writes 120 seconds later", "well", 120],
    ["answers with what is old", "old", 0],
    ["never answers", "silent", 0],
    ["fails", "failing", 0],
  ] as const)("while KV %s, and uses it again when that is over", async (_, manner, lagSeconds) => {
    const place = await beginPlace();
    const client = await listen(place);
    await running.orders.setStore(manner, lagSeconds);
    reader = startPairReader(edge, place);
    const told: number[] = [];
    for (const value of [2, 3, 4]) {
      const { revision } = await commit(origin, putPair(place, value));
      told.push(revision);
      const before = await running.orders.figures();
      await running.orders.renewIsolate();
      await reader.until((reply) => shows(value)(reply) && !reply.headers.has("config-stale"));
      expect((await running.orders.figures()).asked).toBeGreaterThan(before.asked);
    }
    await client.until(isTold(told.at(-1)!));
    expect(revisionsOf(client)).toEqual(told);
    expect(client.events().filter(({ event }) => event !== "change")).toEqual([]);
    client.cut();
    expect(await reader.stop()).toEqual([]);
    await running.orders.setStore("well");
    // What it has not taken is written another time, and was asked for before.
    const isFoundLater = async (): Promise<boolean> => {
      await running.orders.passSeconds(200);
      return isFound(place);
    };
    expect(await eventually(isFoundLater, Boolean, patienceMs)).toBe(true);
  });

  it("while KV remembers that it had nothing, though it has it by now", async () => {
    const place = await beginPlace();
    await running.orders.setStore("well", 120);
    reader = startPairReader(edge, place);
    await commit(origin, putPair(place, 2));
    await reader.until(shows(2));
    expect(await reader.stop()).toEqual([]);
    for (let passed = 0; passed <= 120; passed += 40) {
      // At 80 it has nothing yet, which it remembers until 140.
      expect([passed, await isFound(place)]).toEqual([passed, false]);
      await running.orders.passSeconds(40);
    }
    expect(await isFound(place)).toBe(true);
  });
});

describe("an edge whose head authority and KV do not answer", () => {
  it.each(["silent", "failing"] as const)(
    "shows the whole set that it has, and that it may be old: %s",
    async (manner) => {
      const place = await beginPlace();
      await running.orders.setStore(manner);
      await running.orders.setAuthority(manner);
      reader = startPairReader(edge, place);
      await commit(origin, putPair(place, 2));
      const stale = await reader.until(({ headers }) => headers.has("config-stale"));
      expect(stale.body.values).toEqual({ one: 1, other: 1 });
      await running.orders.setAuthority("well");
      await reader.until(shows(2));
      await reader.until(({ headers }) => !headers.has("config-stale"));
      expect(await reader.stop()).toEqual([]);
    },
  );
});
