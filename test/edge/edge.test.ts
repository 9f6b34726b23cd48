import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bearer, eventually, makeKey } from "../conformance/access-vocabulary.ts";
import { commit, put, unique } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type EdgeUnderTest, startEdge } from "../helpers/start-edge.ts";

const stalenessMs = 4_000;

let running: EdgeUnderTest;
let edge: Api;
let origin: Api;

beforeAll(async () => {
  running = await startEdge({ MAX_STALENESS_MS: String(stalenessMs) });
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
  running.toEdge.pass();
  if (task.result?.state === "fail") console.error(running.output());
});

afterAll(() => running?.stop());

const read = (api: Api, key: string, headers?: Record<string, string>) =>
  api.get<{ value: unknown }>(`/v1/config/${key}`, headers);

const untilEdgeShows = async (key: string, value: unknown): Promise<void> => {
  const reply = await eventually(
    () => read(edge, key),
    ({ body }) => body.value === value,
  );
  expect(reply.body).toMatchObject({ value });
  // What the origin has shown is not taken back: until it is published, only the origin answers.
  await sleep(1_000);
};

describe("an edge", () => {
  it("shows what is committed at its origin, without asking it", async () => {
    const key = unique("here");
    await commit(origin, [put({ key, value: 1 })]);
    await untilEdgeShows(key, 1);
    const reader = await makeKey(origin, [{ role: "viewer" }]);
    // Known to the authority from then on.
    await sleep(2_000);
    running.toOrigin.hold();
    const reply = await read(edge, key, bearer(reader.key));
    expect(reply).toHaveStatus(200);
    expect(reply.body).toMatchObject({ value: 1 });
    const { headers } = reply;
    const held = await read(edge, key, {
      ...bearer(reader.key),
      "if-none-match": headers.get("etag") ?? "",
    });
    expect(held).toHaveStatus(304);
  });

  it("shows its clients at once what they write through it, and what they were shown", async () => {
    const key = unique("own");
    for (let turn = 1; turn <= 20; turn += 1) {
      const { revision } = await commit(edge, [put({ key, value: turn })]);
      const { body, headers } = await read(edge, key);
      expect(body).toMatchObject({ value: turn });
      expect(Number(headers.get("config-revision"))).toBeGreaterThanOrEqual(revision);
    }
  });

  it("never shows an older revision than before, while others commit", async () => {
    const key = unique("forward");
    let isOver = false;
    const writing = (async () => {
      for (let turn = 1; !isOver; turn += 1) await commit(origin, [put({ key, value: turn })]);
    })();
    let last = 0;
    const seen = new Set<number>();
    for (let asked = 0; asked < 200 || seen.size < 5; asked += 1) {
      const { headers, status } = await edge.get("/v1/config");
      expect(status).toBe(200);
      const revision = Number(headers.get("config-revision"));
      expect(revision).toBeGreaterThanOrEqual(last);
      last = revision;
      seen.add(revision);
    }
    isOver = true;
    await writing;
  });

  it("obeys a revocation within two seconds and its lease", async () => {
    const { id, key } = await makeKey(origin, [{ role: "viewer" }]);
    const admitted = await eventually(
      () => edge.get("/v1/config", bearer(key)),
      ({ status }) => status === 200,
    );
    expect(admitted).toHaveStatus(200);
    expect(await origin.delete(`/v1/api-keys/${id}`)).toHaveStatus(204);
    const revokedAtMs = performance.now();
    const refused = await eventually(
      () => edge.get("/v1/config", bearer(key)),
      ({ status }) => status === 401,
      2_000 + stalenessMs,
    );
    expect(refused).toHaveStatus(401);
    expect(performance.now() - revokedAtMs).toBeLessThan(2_000 + 2 * stalenessMs);
  });

  it("tells its streams of what is committed at its origin, and resumes them without it", async () => {
    const { body } = await origin.post<{ key: string }>("/v1/api-keys", {
      name: unique("listener"),
      grants: [{ role: "viewer" }],
    });
    // Known to the authority from then on.
    await sleep(2_000);
    running.toOrigin.hold();
    const listen = async (lastId?: string) => {
      const headers = { ...bearer(body.key), ...(lastId ? { "last-event-id": lastId } : {}) };
      const leave = new AbortController();
      const response = await fetch(`${running.url}/v1/stream`, { headers, signal: leave.signal });
      expect(response.status).toBe(200);
      const decoder = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      const until = async (part: string): Promise<string> => {
        while (!text.includes(part)) text += (await decoder.read()).value ?? "";
        return text;
      };
      return { until, leave: () => leave.abort() };
    };
    const key = unique("told");
    const first = await listen();
    await first.until("\n\n");
    await commit(origin, [put({ key, value: 1 })]);
    const id = /id: (\S+)\nevent: change/.exec(await first.until(key))?.[1];
    first.leave();
    const missed = unique("missed");
    await commit(origin, [put({ key: missed, value: 1 })]);
    const second = await listen(id);
    const text = await second.until(missed);
    expect(text).not.toContain(key);
    expect(text).not.toContain("event: reset");
    second.leave();
  });

  it("makes no hub for what is not there, and says so as the origin does", async () => {
    const path = `/v1/stream?app=${unique("no-such-app")}`;
    const { key } = await makeKey(origin, [{ role: "viewer" }]);
    expect(await edge.get(path, bearer(key))).toHaveStatus(404);
    const elsewhere = await makeKey(origin, [{ role: "viewer", app: "another" }]);
    expect(await edge.get("/v1/stream", bearer(elsewhere.key))).toHaveStatus(404);
    expect(await edge.get("/v1/stream", bearer("fl_made-up"))).toHaveStatus(401);
  });

  it("refuses what needs the origin while that is away, and goes on with reads", async () => {
    const key = unique("away");
    await commit(origin, [put({ key, value: "kept" })]);
    await untilEdgeShows(key, "kept");
    running.toOrigin.cut();
    running.toOrigin.hold();
    const [write, reading] = await Promise.all([
      edge.get("/v1/config?consistency=strong"),
      read(edge, key),
    ]);
    expect(write).toHaveStatus(503);
    expect(reading).toHaveStatus(200);
  });

  it("says of what it shows that it may be old, when nobody can tell it what is new", async () => {
    const key = unique("cut");
    await commit(origin, [put({ key, value: 1 })]);
    await untilEdgeShows(key, 1);
    running.toEdge.hold();
    const stale = await eventually(
      () => read(edge, key),
      ({ headers }) => headers.has("config-stale"),
    );
    expect(stale).toHaveStatus(200);
    expect(stale.headers.get("config-stale")).not.toBeNull();
    await commit(origin, [put({ key, value: 2 })]);
    running.toEdge.pass();
    await untilEdgeShows(key, 2);
    const fresh = await eventually(
      () => read(edge, key),
      ({ headers }) => !headers.has("config-stale"),
    );
    expect(fresh.headers.get("config-stale")).toBeNull();
  });
});
