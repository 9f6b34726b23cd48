import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { OperationAnswers, SimpleOperation } from "../../src/edge/operations.ts";
import { createRemoteAuthority } from "../../src/edge/remote-authority.ts";
import { createRemoteCache } from "../../src/edge/remote-cache.ts";
import { publishLayers } from "../../src/layers/cache/publish-layers.ts";
import { eventually } from "../conformance/access-vocabulary.ts";
import { commit, type Operation, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
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

beforeEach(() => {
  reader = undefined;
});

afterEach(async ({ task }) => {
  await reader?.stop();
  running.toEdge.pass();
  running.toOrigin.pass();
  if (task.result?.state === "fail") console.error(running.output());
});

afterAll(() => running?.stop());

/** A publisher of its own, past what holds the others up, that stalls before one of its requests. */
const startStalling = (isWhere: (operation: SimpleOperation) => boolean) => {
  const stalled = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const answers: unknown[] = [];
  let hasStalled = false;
  const remote = createRemoteAuthority({ url: running.url, secret: running.secret });
  const cache = createRemoteCache({
    host: remote.host,
    async send<Sent extends SimpleOperation>(operation: Sent) {
      if (!hasStalled && isWhere(operation)) {
        hasStalled = true;
        stalled.resolve();
        await released.promise;
      }
      const answer: OperationAnswers[Sent["op"]] = await remote.send(operation);
      if (operation.op === "move") answers.push(answer);
      return answer;
    },
  });
  const { signal } = new AbortController();
  const published = publishLayers({
    cache,
    sql: running.sql,
    kinds: ["config"],
    isAnew: false,
    signal,
  });
  return { stalled: stalled.promise, release: released.resolve, published, answers };
};

/** A layer of several parts of a document. */
const largeText = "x".repeat(200_000);
const putLarge = ({ app }: PairPlace, text: string): readonly Operation[] =>
  Array.from({ length: 20 }, (_, index) => put({ app, key: `large.${index}`, value: text }));

let puts = 0;

describe("a publisher that stalls, and finishes after a newer one,", () => {
  it.each([
    ["after its documents, before its heads", ({ op }: SimpleOperation) => op === "move", false],
    [
      "in the middle of the parts of a large document",
      ({ op }: SimpleOperation) => op === "put" && (puts += 1) === 2,
      true,
    ],
  ] as const)("takes nothing back: %s", async (_, isWhere, isLarge) => {
    const place = await publishPair(edge, origin);
    running.toOrigin.refuse();
    await eventually(() => readPair(edge, place), shows(1), patienceMs);
    reader = startPairReader(edge, place);
    running.toEdge.hold();
    await commit(origin, [
      ...putPair(place, 2),
      ...(isLarge ? putLarge(place, `${largeText}2`) : []),
    ]);
    puts = 0;
    const slow = startStalling(isWhere);
    await slow.stalled;
    const newer = [...putPair(place, 3), ...(isLarge ? putLarge(place, `${largeText}3`) : [])];
    const { revision } = await commit(origin, newer, { allowLargeChange: true });
    running.toEdge.pass();
    const before = await reader.until(shows(3));
    expect(Number(before.headers.get("config-revision"))).toBe(revision);
    slow.release();
    expect((await slow.published).revision).toBe(revision);
    expect(slow.answers[0]).toEqual({ moved: false });
    // Whoever knows nothing reads the documents that heads name now.
    await running.orders.renewIsolate();
    const after = await readPair(edge, place);
    expect(Number(after.headers.get("config-revision"))).toBe(revision);
    expect(after.body.values).toEqual(
      Object.fromEntries([...newer].map(({ key, value }) => [key, value])),
    );
    expect(await reader.stop()).toEqual([]);
  });
});
