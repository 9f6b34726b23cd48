import { describe, expect, it } from "vitest";
import { type Reply, startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";

const epoch = "0a1b2c3d4e5f6071";

const edge = {
  edge: "edge.example.org",
  isReachable: true,
  problem: null,
  epoch,
  revision: 42,
  lagRevisions: 0,
  accessVersion: 7,
  isAccessCurrent: true,
  isFilling: false,
  documents: 14,
  bytes: 73_112_000,
  consumer: "edge-a",
  failures: 0,
  lastError: "long past",
  lastErrorAt: null,
};

const edges = (...items: object[]) => ({
  epoch,
  revision: 42,
  accessVersion: 7,
  layers: 12,
  items: items.map((item) => ({ ...edge, ...item })),
});

describe("edge status", () => {
  it("compares every edge with the deployment", async () => {
    const body = edges(
      {},
      { edge: "b", revision: 40, lagRevisions: 2, failures: 3, lastError: "b answered 500" },
      { edge: "c", isFilling: true, epoch: null, revision: null, lagRevisions: 42 },
      { edge: "d", isReachable: false, problem: "d cannot be reached", revision: null },
    );
    await using server = await startFakeServer(() => ({ body }));
    const { exitCode, stderr, stdout } = await runCaptured(["edge", "status"], server);
    expect(server.received).toMatchObject([{ method: "GET", path: "/v1/edges" }]);
    expect(stdout).toBe(
      [
        "EDGE              STATE        EPOCH             REVISION  BEHIND  ACCESS  FAILURES  LAST ERROR",
        "edge.example.org  ok           0a1b2c3d4e5f6071        42       0       7         0  -",
        "b                 ok           0a1b2c3d4e5f6071        40       2       7         3  b answered 500",
        "c                 empty        -                        -      42       7         0  -",
        "d                 unreachable  0a1b2c3d4e5f6071         -       0       7         0  d cannot be reached",
        "",
      ].join("\n"),
    );
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("at revision 42 of epoch")]);
  });

  it("tells scripts whether all of them are current", async () => {
    let body: object = edges({});
    await using server = await startFakeServer(() => ({ body }));
    const argv = ["edge", "status", "--exit-code", "--json"];
    const current = await runCaptured(argv, server);
    expect([current.exitCode, JSON.parse(current.stdout)]).toEqual([0, body]);
    for (const one of [
      { lagRevisions: 1 },
      { isReachable: false },
      { isAccessCurrent: false },
      { epoch: "ffffffffffffffff" },
    ]) {
      body = edges({}, one);
      expect((await runCaptured(argv, server)).exitCode).toBe(1);
    }
  });

  it("says where none are configured", async () => {
    await using server = await startFakeServer(() => ({ body: edges() }));
    const { exitCode, stderr } = await runCaptured(["edge", "status"], server);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("EDGE_URLS")]);
  });
});

describe("publish --all", () => {
  /** The states that a server shows of an edge, one after the other, once it is told to fill it. */
  const filling = (states: readonly object[], more: readonly object[] = []) => {
    let shown = -1;
    return ({ method }: { readonly method: string }): Reply => {
      if (method === "POST") {
        shown = 0;
        return { status: 202, body: { edge: edge.edge } };
      }
      const state = shown < 0 ? {} : (states[Math.min(shown, states.length - 1)] ?? {});
      if (shown >= 0) shown += 1;
      return { body: edges(state, ...more) };
    };
  };

  const steps = [
    { isFilling: true, documents: 3, bytes: 1_500_000 },
    { isReachable: false, isFilling: false },
    { isFilling: true, documents: 12, bytes: 9_000_000 },
    { isAccessCurrent: false },
    { documents: 12, bytes: 9_000_000 },
  ];

  it("fills an edge and shows how far it is, until it has all of it", async () => {
    await using server = await startFakeServer(filling(steps, [{ edge: "other" }]));
    const argv = ["publish", "--all", "--edge", edge.edge];
    const { exitCode, stderr, stdout } = await runCaptured(argv, server);
    expect(server.received.filter(({ method }) => method === "POST")).toMatchObject([
      { path: "/v1/edges/edge.example.org/refill" },
    ]);
    expect(stderr.split("\n")).toEqual([
      "edge.example.org: 3 of 12 documents, 1.5 MB",
      "edge.example.org: cannot be reached",
      "edge.example.org: 12 of 12 documents, 9.0 MB",
      "edge.example.org: at revision 42, keys to come",
      "",
    ]);
    expect([exitCode, stdout]).toEqual([
      0,
      "edge.example.org has everything up to revision 42: 12 documents, 9.0 MB.\n",
    ]);
  });

  it("fills all of them, and answers programs with what they have", async () => {
    await using server = await startFakeServer(filling([{}], [{ edge: "127.0.0.1:8788" }]));
    const { stdout } = await runCaptured(["publish", "--all", "--json"], server);
    const paths = server.received.flatMap(({ method, path }) => (method === "POST" ? path : []));
    expect(paths).toEqual([
      "/v1/edges/edge.example.org/refill",
      "/v1/edges/127.0.0.1%3A8788/refill",
    ]);
    expect(JSON.parse(stdout)).toEqual({ items: edges({}, { edge: "127.0.0.1:8788" }).items });
  });

  it("gives up where nothing moves for a minute, and says what may be wrong", async () => {
    const stuck = { isFilling: true, documents: 3, lastError: "edge.example.org answered 401" };
    await using server = await startFakeServer(filling([stuck]));
    const { exitCode, stderr } = await runCaptured(["publish", "--all"], server);
    expect(exitCode).toBe(7);
    expect(stderr).toContain("answered 401");
    expect(stderr).toContain("worker process");
  });

  it("asks for nothing where there is no such edge, or where it is not said what to publish", async () => {
    await using server = await startFakeServer(() => ({ body: edges({}) }));
    const unknown = await runCaptured(["publish", "--all", "--edge", "b"], server);
    expect([unknown.exitCode, unknown.stderr]).toEqual([3, expect.stringContaining("EDGE_URLS")]);
    expect((await runCaptured(["publish"], server)).exitCode).toBe(2);
    expect(server.received.map(({ method }) => method)).toEqual(["GET"]);
  });
});
