import { describe, expect, it } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured, terminal } from "../testing/run-captured.ts";

const global = { kind: "config", app: null, environment: null };
const pages = [
  {
    items: [
      { change: "added", ...global, key: "new", before: null, after: "n" },
      { change: "changed", ...global, app: "payments", key: "pool", before: 10, after: 20 },
    ],
    nextCursor: "page 2",
  },
  { items: [{ change: "removed", ...global, key: "old", before: false, after: null }] },
];

const paged = () => startFakeServer(({ query }) => ({ body: pages[query["cursor"] ? 1 : 0] }));
const revisions = ["diff", "--from", "1", "--to", "2"];

describe("diff of revisions", () => {
  it("follows every page and prints plain lines when piped", async () => {
    await using server = await paged();
    const { stdout, exitCode } = await runCaptured(revisions, server);
    expect(server.received.map(({ query }) => query["cursor"])).toEqual([undefined, "page 2"]);
    expect(server.received[1]?.query).toMatchObject({ from: "1", to: "2" });
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        "   SCOPE       KEY   BEFORE  AFTER",
        '+  global      new   -       "n"',
        "~  payments/*  pool  10      20",
        "-  global      old   false   -",
        "",
      ].join("\n"),
    );
  });

  it("colours lines on a terminal, unless NO_COLOR or a dumb terminal speaks against it", async () => {
    await using server = await paged();
    const coloured = await runCaptured(revisions, { ...server, ...terminal() });
    expect(coloured.stdout).toContain("\u001b[32m+");
    expect(coloured.stdout).toContain("\u001b[31m-");
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      const { stdout } = await runCaptured(revisions, { ...server, ...terminal(), env });
      expect(stdout).not.toContain("\u001b");
    }
  });

  it("exits with 1 for differences only when asked to", async () => {
    await using different = await paged();
    expect((await runCaptured([...revisions, "--exit-code"], different)).exitCode).toBe(1);
    await using same = await startFakeServer(() => ({ body: { items: [] } }));
    const run = await runCaptured([...revisions, "--exit-code"], same);
    expect(run).toEqual({ exitCode: 0, stdout: "No differences.\n", stderr: "" });
  });

  it("prints all pages as one document with --json", async () => {
    await using server = await paged();
    const { stdout } = await runCaptured([...revisions, "--json"], server);
    expect(JSON.parse(stdout)).toMatchObject({
      items: [{ key: "new" }, { key: "pool" }, { key: "old" }],
    });
  });
});

describe("diff of environments", () => {
  it("asks for effective values, and has no scope column", async () => {
    const items = [{ change: "changed", key: "pool", before: 10, after: 20 }];
    await using server = await startFakeServer(() => ({ body: { items } }));
    const argv = ["diff", "--from-environment", "staging", "--to-environment", "production"];
    const { stdout } = await runCaptured([...argv, "-a", "payments", "--at", "7"], server);
    expect(server.received[0]?.query).toMatchObject({
      fromEnvironment: "staging",
      toEnvironment: "production",
      app: "payments",
      at: "7",
    });
    expect(stdout).toBe("   KEY   BEFORE  AFTER\n~  pool  10      20\n");
  });
});
