import { describe, expect, it } from "vitest";
import { type Reply, startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";

const change = (revision: number, more: object = {}) => ({
  specversion: "1.0",
  time: "2026-11-20T12:00:00.000000Z",
  data: {
    revision,
    changes: [
      {
        op: "put",
        kind: "config",
        app: "payments",
        environment: null,
        key: "db.pool.size",
        version: 3,
        ...more,
      },
    ],
  },
});

const block = (revision: number, event: string, data: unknown): string =>
  `id: e-${revision}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

const begin = (revision: number): string => `retry: 100\nid: e-${revision}\n\n`;
const stream = { headers: { "Content-Type": "text/event-stream" } };
const gone: Reply = { status: 404, body: { title: "Not found", code: "NOT_FOUND" } };

/** A server that answers with each of these in turn, and then that there is nothing. */
const startServer = (...replies: readonly Reply[]) =>
  startFakeServer((_, index) => replies[index] ?? gone);

describe("watch", () => {
  it("prints what changes, a line each, with values where it is asked to", async () => {
    const pieces = [
      begin(6),
      block(7, "change", change(7, { value: "\u001b[31m" })),
      block(8, "change", change(8, { op: "delete", app: null, value: null })),
    ];
    await using server = await startServer({ ...stream, pieces });
    const argv = ["watch", "-a", "payments", "-e", "production", "--prefix", "db.", "--values"];
    const { exitCode, stdout } = await runCaptured(argv, server);
    expect(server.received[0]).toMatchObject({
      path: "/v1/stream",
      query: { app: "payments", environment: "production", prefix: "db.", values: "true" },
      headers: { accept: "text/event-stream", authorization: "Bearer test-key" },
    });
    const time = "2026-11-20T12:00:00.000000Z";
    expect(stdout).toBe(
      `7  ${time}  put  payments/*  db.pool.size  v3  "\\u001b[31m"\n` +
        `8  ${time}  delete  global  db.pool.size  v3  null\n`,
    );
    expect(exitCode).toBe(3);
  });

  it("goes on where it was when the connection ends or breaks, however often", async () => {
    const waits: number[] = [];
    await using server = await startServer(
      { ...stream, pieces: [begin(6), block(7, "change", change(7))] },
      { ...stream, pieces: [begin(7), block(8, "change", change(8)), "id: e-9\n\n"], fault: "cut" },
      { status: 503, body: { title: "Temporarily unavailable", code: "UNAVAILABLE" } },
      { status: 503, body: { title: "Temporarily unavailable", code: "UNAVAILABLE" } },
      { status: 503, body: { title: "Temporarily unavailable", code: "UNAVAILABLE" } },
      { status: 503, body: { title: "Temporarily unavailable", code: "UNAVAILABLE" } },
      { ...stream, pieces: [begin(9), block(10, "change", change(10))] },
    );
    const { exitCode, stderr, stdout } = await runCaptured(["watch", "--after", "e-6", "--json"], {
      ...server,
      wait: async (delayMs) => void waits.push(delayMs),
    });
    const asked = server.received.map(({ headers }) => headers["last-event-id"]);
    expect(asked).toEqual([undefined, "e-7", "e-9", "e-9", "e-9", "e-9", "e-9", "e-10"]);
    expect(server.received[0]?.query).toEqual({ after: "e-6" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      [7, 8, 10].map((revision) => ({
        id: `e-${revision}`,
        event: "change",
        data: change(revision),
      })),
    );
    expect(waits.every((delayMs) => delayMs > 0)).toBe(true);
    expect(JSON.parse(stderr)).toMatchObject({ code: "NOT_FOUND" });
    expect(exitCode).toBe(3);
  });

  it("says where it cannot tell what changed", async () => {
    const pieces = [begin(6), block(9, "reset", { reason: "past-retention" })];
    await using server = await startServer({ ...stream, pieces });
    const { stderr, stdout } = await runCaptured(["watch"], server);
    expect(stderr).toContain("not known (past-retention): read anew");
    expect(stdout).toBe("");
  });

  it("fails where the server refuses, is no such server, or is not there at the start", async () => {
    await using refusing = await startServer({
      status: 401,
      body: { title: "No valid credentials", code: "UNAUTHENTICATED" },
    });
    await using other = await startServer({ text: "{}" });
    expect((await runCaptured(["watch"], refusing)).exitCode).toBe(6);
    expect((await runCaptured(["watch"], other)).exitCode).toBe(1);
    const nowhere = { url: "http://127.0.0.1:9" };
    expect((await runCaptured(["watch"], nowhere)).exitCode).toBe(7);
  });
});
