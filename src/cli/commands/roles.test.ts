import { describe, expect, it } from "vitest";
import { startFakeAccess } from "../testing/fake-access.ts";
import { runCaptured } from "../testing/run-captured.ts";

const actions = ["--action", "entries.read", "--action", "rollouts.operate"];

describe("roles", () => {
  it("creates, updates, lists and deletes one", async () => {
    await using server = await startFakeAccess();
    const run = (...argv: string[]) => runCaptured(["roles", ...argv], server);
    await run("create", "releaser", ...actions, "--description", "ships");
    const { stdout } = await run("list");
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(["NAME", "BUILT IN", "ACTIONS", "DESCRIPTION"]);
    expect(rows).toContainEqual(["releaser", "no", "entries.read rollouts.operate", "ships"]);
    expect(rows).toContainEqual(["admin", "yes", "entries.read", "-"]);
    const updated = await run("update", "releaser", "--action", "entries.read");
    expect(updated.stdout).toBe("The role releaser now has the actions entries.read.\n");
    const put = server.received.at(-1);
    expect(put).toMatchObject({ method: "PUT", path: "/v1/roles/releaser" });
    // The server takes a role as a whole: what is not sent would be lost.
    expect(put?.body).toEqual({ actions: ["entries.read"], description: "ships" });
    const deleted = await run("delete", "releaser");
    expect(deleted.stdout).toBe("Deleted the role releaser.\n");
    expect((await run("list")).stdout).not.toContain("releaser");
  });

  it("prints a document for programs where the server answers without one", async () => {
    await using server = await startFakeAccess();
    await runCaptured(["roles", "create", "releaser", ...actions], server);
    const { stdout } = await runCaptured(["roles", "delete", "releaser", "--json"], server);
    expect(JSON.parse(stdout)).toEqual({ name: "releaser", deleted: true });
  });

  it("says that a role in use, or an unknown one, stays", async () => {
    await using server = await startFakeAccess();
    await runCaptured(["keys", "create", "ci", "--role", "viewer"], server);
    const used = await runCaptured(["roles", "delete", "viewer"], server);
    const unknown = await runCaptured(["roles", "delete", "nobody"], server);
    expect([used.exitCode, unknown.exitCode]).toEqual([4, 3]);
  });

  it.each(["..", "a/b", "", "a b"])(
    "refuses the name %j before it becomes a path",
    async (name) => {
      await using server = await startFakeAccess();
      const { exitCode } = await runCaptured(["roles", "delete", name], server);
      expect([exitCode, server.received]).toEqual([5, []]);
    },
  );
});
