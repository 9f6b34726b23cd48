import { describe, expect, it } from "vitest";
import { startFakeAccess } from "../testing/fake-access.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";

describe("whoami", () => {
  it("shows who, with which grants, on which server, and where the key comes from", async () => {
    await using server = await startFakeAccess();
    const grants = ["--grant", "editor:payments/*", "--grant", "deny:editor:payments/*/db.*"];
    const times = ["--expires-at", "2027-01-31T00:00:00Z"];
    const create = [
      "keys",
      "create",
      "ci",
      ...grants,
      "--default-environment",
      "staging",
      ...times,
    ];
    const { stdout: key } = await runCaptured(create, server);
    const { stdout } = await runCaptured(["whoami"], { ...server, env: { FAIRLEAD_API_KEY: key } });
    expect(stdout).toBe(
      [
        `who:              key ${key.split("_")[1]}`,
        "name:             ci",
        "authenticated by: api-key",
        "grants:           editor:payments/*",
        "                  deny:editor:payments/*/db.*",
        "defaults:         */staging",
        "expires:          2027-01-31T00:00:00Z",
        "actions:          entries.read",
        `server:           ${server.url}/`,
        "profile:          -",
        "key from:         FAIRLEAD_API_KEY",
        "",
      ].join("\n"),
    );
  });

  it("adds the server and the key's origin to the answer with --json, never the key", async () => {
    await using server = await startFakeAccess();
    const { stdout } = await runCaptured(["whoami", "--json"], server);
    expect(JSON.parse(stdout)).toMatchObject({
      authentication: "bootstrap-key",
      server: `${server.url}/`,
      profile: null,
      keySource: "FAIRLEAD_API_KEY",
    });
    expect(stdout).not.toContain("test-key");
  });

  it("is what a refused action points to", async () => {
    const body = { title: "Not allowed", status: 403, code: "FORBIDDEN" };
    await using server = await startFakeServer(() => ({ status: 403, body }));
    const { exitCode, stderr } = await runCaptured(["keys", "list"], server);
    expect(exitCode).toBe(6);
    expect(stderr).toContain("hint: `fairlead whoami` shows what your key may do.");
  });
});
