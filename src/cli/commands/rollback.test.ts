import { describe, expect, it } from "vitest";
import { type Reply, startFakeServer } from "../testing/fake-server.ts";
import { runCaptured, terminal } from "../testing/run-captured.ts";

const committed: Reply = { status: 201, body: { revision: 43, changes: [], effective: [] } };

const bodyOf = async (argv: string[], io: object = {}): Promise<unknown> => {
  await using server = await startFakeServer(() => committed);
  const { exitCode } = await runCaptured(["rollback", ...argv], { ...io, url: server.url });
  expect([exitCode, server.received.length]).toEqual([0, 1]);
  expect(server.received[0]?.path).toBe("/v1/rollback");
  return server.received[0]?.body;
};

describe("rollback", () => {
  it("rolls one scope back to a revision, with a message that says so", async () => {
    expect(await bodyOf(["--to-revision", "40", "--app", "payments"])).toEqual({
      toRevision: 40,
      app: "payments",
      message: "Roll back payments/* to revision 40",
    });
  });

  it("rolls one key back to a version", async () => {
    const argv = ["pool", "--to-version", "3", "-a", "payments", "-e", "staging", "-m", "undo"];
    expect(await bodyOf([...argv, "--dry-run", "--allow-large-change"])).toEqual({
      kind: "config",
      app: "payments",
      environment: "staging",
      key: "pool",
      toVersion: 3,
      message: "undo",
      dryRun: true,
      allowLargeChange: true,
    });
  });

  it("does not ask about the whole deployment in a dry run, or with --yes", async () => {
    expect(await bodyOf(["--to-revision", "40", "--dry-run"])).toMatchObject({ dryRun: true });
    expect(await bodyOf(["--to-revision", "40", "--yes"])).toEqual({
      toRevision: 40,
      message: "Roll back the whole deployment to revision 40",
    });
  });

  it("asks on a terminal, and goes on only after a yes", async () => {
    expect(await bodyOf(["--to-revision", "40"], terminal("y\n"))).toMatchObject({
      toRevision: 40,
    });
    for (const answer of ["n\n", "\n", "", "yep\n", "Yes, no\n"]) {
      await using server = await startFakeServer(() => committed);
      const io = { ...server, ...terminal(answer) };
      const { exitCode, stderr } = await runCaptured(["rollback", "--to-revision", "40"], io);
      expect([exitCode, server.received]).toEqual([1, []]);
      expect(stderr).toContain(
        "the whole deployment to revision 40, every app and environment? [y/N]",
      );
    }
  });

  it("refuses to guess where nobody can answer", async () => {
    await using server = await startFakeServer(() => committed);
    const piped = await runCaptured(["rollback", "--to-revision", "40"], server);
    const io = { ...server, ...terminal("y\n") };
    const program = await runCaptured(["rollback", "--to-revision", "40", "--json"], io);
    expect([piped.exitCode, program.exitCode, server.received]).toEqual([2, 2, []]);
    expect(piped.stderr).toContain("--yes");
  });
});
