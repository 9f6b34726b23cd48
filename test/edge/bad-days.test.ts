import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newEpoch } from "../../scripts/new-epoch.ts";
import { signPublishToken } from "../../src/edge/publish-token.ts";
import { eventually } from "../conformance/access-vocabulary.ts";
import { commit, put, unique } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type EdgeUnderTest, startEdge } from "../helpers/start-edge.ts";

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
  running.toOrigin.pass();
  if (task.result?.state === "fail") console.error(running.output());
});

afterAll(() => running?.stop());

const read = (key: string) => edge.get<{ value: unknown }>(`/v1/config/${key}`);

/** Waits until the authority has everything, and the isolate, on its lease, has asked for it. */
const untilPublished = async (key: string, value: unknown): Promise<void> => {
  const edges = () => origin.get<{ items: { lagRevisions: number | null }[] }>("/v1/edges");
  await eventually(edges, ({ body }) => body.items[0]?.lagRevisions === 0);
  const reply = await eventually(
    () => read(key),
    ({ body }) => body.value === value,
  );
  expect(reply.body).toMatchObject({ value });
};

describe("a publish token", () => {
  const send = async (token: string, body: string) => {
    const response = await fetch(`${running.publishUrl}/internal/layers`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body,
    });
    return response.status;
  };
  const body = JSON.stringify({ op: "status" });
  const sign = (options: { secret?: string; host?: string; nowMs?: number } = {}) =>
    signPublishToken({
      secret: running.secret,
      host: new URL(running.publishUrl).host,
      body: new TextEncoder().encode(body),
      ...options,
    });

  it("counts once, for its body, its edge and a minute", async () => {
    const good = await sign();
    expect(await send(good, body)).toBe(200);
    expect(await send(good, body)).toBe(401);
    expect(await send(await sign(), JSON.stringify({ op: "reset" }))).toBe(401);
    expect(await send(await sign({ nowMs: Date.now() - 120_000 }), body)).toBe(401);
    expect(await send(await sign({ host: "edge.example.com" }), body)).toBe(401);
    expect(await send(await sign({ secret: "x".repeat(40) }), body)).toBe(401);
    expect(await send(running.secret, body)).toBe(401);
    expect(await send(await sign(), body)).toBe(200);
  });

  it("is needed: an administrator's key is none", async () => {
    expect(await send(running.adminKey, body)).toBe(401);
    expect(await edge.get("/internal/layers")).toHaveStatus(405);
  });
});

describe("a Worker that is killed while heads move", () => {
  it("comes back with all that was published, and goes on to what was committed meanwhile", async () => {
    const key = unique("killed");
    let isOver = false;
    let last = 0;
    const writing = (async () => {
      while (!isOver) {
        last += 1;
        await commit(origin, [put({ key, value: last })]);
      }
    })();
    await sleep(500);
    await running.killAndRestart();
    isOver = true;
    await writing;
    await untilPublished(key, last);
    running.toOrigin.hold();
    expect((await read(key)).body).toMatchObject({ value: last });
  }, 60_000);
});

describe("an origin that was restored", () => {
  it("is followed in its new history, though it counts the same revisions again", async () => {
    const key = unique("restored");
    await commit(origin, [put({ key, value: "before" })]);
    await untilPublished(key, "before");
    const before = await read(key);
    const { to } = await newEpoch(running.sql);
    await commit(origin, [put({ key, value: "after" })]);
    await untilPublished(key, "after");
    running.toOrigin.hold();
    const after = await eventually(
      () => read(key),
      ({ status }) => status === 200,
    );
    expect(after.body).toMatchObject({ value: "after" });
    expect(after.headers.get("etag")).toContain(to);
    expect(before.headers.get("etag")).not.toContain(to);
  }, 60_000);
});
