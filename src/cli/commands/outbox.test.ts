import { describe, expect, it } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";

const consumer = {
  name: "webhooks",
  kind: "event",
  revision: 40,
  lagRevisions: 2,
  lagSeconds: 1.25,
  parked: 1,
  attempts: 3,
  lastError: "the receiver answered 500",
};

const parked = {
  consumer: "webhooks",
  revision: 38,
  attempts: 8,
  lastError: "the receiver answered 410",
  parkedAt: "2026-11-20T12:00:00.000Z",
  nextAttemptAt: null,
};

const outbox = {
  epoch: "0a1b2c3d4e5f6071",
  revision: 42,
  retention: { oldestRevision: 3, oldestAt: "2026-11-13T12:00:00.000Z", windowDays: 7 },
  consumers: [consumer],
  items: [parked],
};

describe("outbox", () => {
  it("shows consumers and what is parked, and says where the list was cut", async () => {
    await using server = await startFakeServer(() => ({ body: { ...outbox, nextCursor: "more" } }));
    const argv = ["outbox", "--consumer", "webhooks", "--limit", "1"];
    const { stdout, stderr } = await runCaptured(argv, server);
    expect(server.received[0]).toMatchObject({
      path: "/v1/outbox",
      query: { consumer: "webhooks", limit: "1" },
    });
    expect(stdout).toBe(
      [
        "CONSUMER  KIND   REVISION  BEHIND  SECONDS  PARKED  FAILURES  LAST ERROR",
        "webhooks  event        40       2      1.3       1         3  the receiver answered 500",
        "",
        "PARKED BY  REVISION  FAILURES  SINCE                     NEXT ATTEMPT  LAST ERROR",
        "webhooks         38         8  2026-11-20T12:00:00.000Z  -             the receiver answered 410",
        "",
      ].join("\n"),
    );
    expect(stderr).toContain("There are more");
    expect(stderr).toContain("goes back to 3; its window is 7 days");
  });

  it("shows no second table where nothing is parked, and all of it as JSON", async () => {
    const body = { ...outbox, items: [] };
    await using server = await startFakeServer(() => ({ body }));
    const { stdout } = await runCaptured(["outbox"], server);
    expect(stdout.split("\n")).toHaveLength(3);
    const json = await runCaptured(["outbox", "--json"], server);
    expect(JSON.parse(json.stdout)).toEqual(body);
  });
});

describe("outbox redrive", () => {
  it("puts one event back, or all, under one Idempotency-Key", async () => {
    await using server = await startFakeServer(({ body }) => ({
      body: { consumer: "webhooks", redriven: "all" in (body as object) ? 5 : 1 },
    }));
    const one = await runCaptured(["outbox", "redrive", "webhooks", "--revision", "38"], server);
    expect([one.exitCode, one.stdout]).toEqual([0, "Put back 1 of what webhooks has parked.\n"]);
    const all = await runCaptured(["outbox", "redrive", "webhooks", "--all", "--json"], server);
    expect(JSON.parse(all.stdout)).toEqual({ consumer: "webhooks", redriven: 5 });
    expect(server.received).toMatchObject([
      { method: "POST", path: "/v1/outbox/webhooks/redrive", body: { revision: 38 } },
      { method: "POST", path: "/v1/outbox/webhooks/redrive", body: { all: true } },
    ]);
    expect(server.received[0]!.headers["idempotency-key"]).toMatch(/\S/);
  });

  it("asks nothing where it is not said what to put back", async () => {
    await using server = await startFakeServer(() => ({ body: {} }));
    for (const options of [[], ["--all", "--revision", "3"], ["--revision", "0"]]) {
      const { exitCode } = await runCaptured(["outbox", "redrive", "webhooks", ...options], server);
      expect(exitCode).toBe(2);
    }
    expect(server.received).toEqual([]);
  });

  it("tells the server's refusal", async () => {
    const body = { title: "Not found", status: 404, code: "NOT_FOUND" };
    await using server = await startFakeServer(() => ({ status: 404, body }));
    const { exitCode } = await runCaptured(["outbox", "redrive", "nobody", "--all"], server);
    expect(exitCode).toBe(3);
  });
});
