import { describe, expect, it } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";

const commit = {
  message: "raise\u001b[1m it",
  actor: { type: "api-key", id: "admin" },
  committedAt: "2026-02-03T04:05:06Z",
};

describe("history", () => {
  it("prints one line a version, the server's order kept, and a deletion without a value", async () => {
    const items = [
      { version: 2, revision: 9, op: "delete", value: null, merge: "replace", ...commit },
      { version: 1, revision: 3, op: "put", value: { a: 1 }, merge: "replace", ...commit },
    ];
    await using server = await startFakeServer(() => ({ body: { items } }));
    const { stdout } = await runCaptured(["history", "pool", "--app", "payments"], server);
    expect(server.received[0]).toMatchObject({
      path: "/v1/history",
      query: { kind: "config", app: "payments", key: "pool" },
    });
    expect(stdout).toBe(
      [
        "VERSION  REVISION  WHEN                  WHO    OP      VALUE    MESSAGE",
        "      2         9  2026-02-03T04:05:06Z  admin  delete  -        raise\\u001b[1m it",
        '      1         3  2026-02-03T04:05:06Z  admin  put     {"a":1}  raise\\u001b[1m it',
        "",
      ].join("\n"),
    );
  });

  it("takes as many pages as the limit wants, no more, and says when there is more", async () => {
    await using server = await startFakeServer(({ query }) => {
      const first = Number(query["cursor"] ?? 0);
      const count = Number(query["limit"]);
      const items = Array.from({ length: count }, (_, index) => ({
        version: 5000 - first - index,
        revision: 1,
        op: "put",
        value: 1,
      }));
      return { body: { items, nextCursor: String(first + count) } };
    });
    const argv = ["history", "pool", "--limit", "700"];
    const { stdout, stderr } = await runCaptured(argv, server);
    expect(server.received.map(({ query }) => query["limit"])).toEqual(["500", "200"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(701);
    expect(stderr).toContain("--limit");
  });
});

describe("changes", () => {
  it("prints one line a change set", async () => {
    const items = [{ revision: 9, changeCount: 12, ...commit }, { revision: 8 }];
    await using server = await startFakeServer(() => ({ body: { items } }));
    const { stdout } = await runCaptured(["changes", "--limit", "2"], server);
    expect(server.received[0]).toMatchObject({ path: "/v1/changes", query: { limit: "2" } });
    expect(stdout.split("\n")[1]).toBe(
      "       9  2026-02-03T04:05:06Z  admin       12  raise\\u001b[1m it",
    );
    expect(stdout.split("\n")[2]).toMatch(/^ {7}8 {2}- +- +- {2}-$/);
  });
});
