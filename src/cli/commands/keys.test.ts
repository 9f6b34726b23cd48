import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { startFakeAccess } from "../testing/fake-access.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured, terminal } from "../testing/run-captured.ts";
import { temporaryFiles } from "../testing/temporary-files.ts";

const wholeKey = /fl_[A-Za-z0-9]{16}_[A-Za-z0-9]{50}/g;

const idOf = (key: string): string => key.split("_")[1] ?? "";

/** Creates a key by the command line and returns it. */
const created = async (url: string, ...argv: string[]): Promise<string> => {
  const { exitCode, stdout } = await runCaptured(["keys", "create", ...argv], { url });
  expect(exitCode).toBe(0);
  return stdout.trim();
};

describe("keys create", () => {
  it("prints the key alone on standard output and no part of its secret elsewhere", async () => {
    await using server = await startFakeAccess();
    const argv = ["keys", "create", "ci", "--role", "viewer", "--app", "payments"];
    const { exitCode, stdout, stderr } = await runCaptured(argv, server);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^fl_[A-Za-z0-9]{16}_[A-Za-z0-9]{50}\n$/);
    expect(stderr).toContain(idOf(stdout));
    expect(stderr).toContain("viewer:payments");
    const [, , secret = ""] = stdout.trim().split("_");
    expect(stderr).not.toContain(secret.slice(0, 8));
  });

  it("sends the role's grant, those in the short form, defaults and expiry", async () => {
    await using server = await startFakeAccess();
    const role = [
      "--role",
      "viewer",
      "-a",
      "pay*",
      "-e",
      "**",
      "--kind",
      "config",
      "--kind",
      "flag",
    ];
    const keys = ["--key-pattern", "db.*", "--key-pattern", "cache.*"];
    const grants = ["--grant", "editor:payments/staging", "--grant", "deny:viewer:**/**/secret.*"];
    const defaults = ["--default-app", "payments", "--default-environment", "staging"];
    await runCaptured(
      ["keys", "create", "ci", ...role, ...keys, ...grants, ...defaults, "--expires-in", "12h"],
      { ...server, now: () => Date.parse("2026-11-20T12:00:00Z") },
    );
    expect(server.received[0]).toMatchObject({ method: "POST", path: "/v1/api-keys" });
    expect(server.received[0]?.headers["idempotency-key"]).toBeDefined();
    expect(server.received[0]?.body).toEqual({
      name: "ci",
      grants: [
        { role: "viewer", app: "pay*", kinds: ["config", "flag"], keys: ["db.*", "cache.*"] },
        { role: "editor", app: "payments", environment: "staging" },
        { role: "viewer", effect: "deny", keys: ["secret.*"] },
      ],
      defaults: { app: "payments", environment: "staging" },
      expiresAt: "2026-11-21T00:00:00.000Z",
    });
  });

  it("prints the server's answer with --json", async () => {
    await using server = await startFakeAccess();
    const argv = ["keys", "create", "ci", "--role", "viewer", "--json"];
    const { stdout, stderr } = await runCaptured(argv, server);
    expect(stderr).toBe("");
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ name: "ci", state: "active" });
    expect(document.key).toMatch(wholeKey);
  });

  it("names the grant that the server refuses as it was written", async () => {
    await using server = await startFakeAccess();
    const argv = ["keys", "create", "ci", "--role", "viewer", "--grant", "reader:payments"];
    const { exitCode, stderr } = await runCaptured(argv, server);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("grant reader:payments, role: there is no such role");
    expect(stderr).not.toContain("grants.1");
  });

  it.each([
    [["--role", "viewer", "--app", ""], "--role: The app pattern is empty"],
    [["--role", "viewer", "--app", "a/b"], "--role: a/b: the app pattern takes"],
    [["--role", "viewer", "--key-pattern", "**"], "--role: **: in the key pattern"],
    [["--grant", "viewer:pay**"], "--grant 'viewer:pay**'"],
  ])(
    "refuses %j before anything is sent, so that no key may do more than was meant",
    async (more, text) => {
      await using server = await startFakeAccess();
      const { exitCode, stderr } = await runCaptured(["keys", "create", "ci", ...more], server);
      expect([exitCode, server.received]).toEqual([5, []]);
      expect(stderr).toContain(text);
    },
  );

  it("stores the key as a profile that works at once", async () => {
    await using server = await startFakeAccess();
    await using folder = await temporaryFiles({});
    const env = { FAIRLEAD_CONFIG_DIR: folder.cwd };
    const argv = ["keys", "create", "ci", "--role", "viewer", "--save-profile", "mine"];
    const { stdout } = await runCaptured(argv, { ...server, env });
    const used = await runCaptured(["whoami", "--profile", "mine"], {
      env: { ...env, FAIRLEAD_API_KEY: "" },
    });
    expect(used.exitCode).toBe(0);
    expect(used.stdout).toContain(idOf(stdout));
    expect(used.stdout).toContain("key from:         profile mine");
  });

  it("creates no key where its profile could not be stored", async () => {
    await using server = await startFakeAccess();
    await using folder = await temporaryFiles({});
    const argv = ["keys", "create", "ci", "--role", "viewer", "--save-profile", "mine"];
    const io = { ...server, env: { FAIRLEAD_CONFIG_DIR: folder.cwd } };
    await runCaptured(argv, io);
    expect(server.received).toHaveLength(1);
    const again = await runCaptured(argv, io);
    const homeless = await runCaptured(argv, server);
    expect([again.exitCode, homeless.exitCode]).toEqual([4, 2]);
    expect(server.received).toHaveLength(1);
  });

  it("still shows the key where storing it fails after all", async () => {
    await using folder = await temporaryFiles({});
    const env = { FAIRLEAD_CONFIG_DIR: `${folder.cwd}/file/folder` };
    await using access = await startFakeAccess();
    const fetch = async (...request: Parameters<typeof globalThis.fetch>) => {
      const answer = await globalThis.fetch(...request);
      await writeFile(`${folder.cwd}/file`, "in the way");
      return answer;
    };
    const argv = ["keys", "create", "ci", "--role", "viewer", "--save-profile", "mine"];
    const { exitCode, stdout, stderr } = await runCaptured(argv, { url: access.url, env, fetch });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(wholeKey);
    expect(stderr).toContain("The key was created, but not stored as a profile");
    expect(stderr).not.toMatch(wholeKey);
  });
});

describe("keys list and show", () => {
  it("lists grants in the form that create takes, and no secret", async () => {
    await using server = await startFakeAccess();
    const grants = ["--grant", "editor:payments/*", "--grant", "deny:editor:payments/*/db.*"];
    const key = await created(server.url, "ci", ...grants, "--default-app", "payments");
    const { stdout } = await runCaptured(["keys", "list"], server);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["ID", "NAME", "STATE", "GRANTS", "DEFAULTS", "LAST USED", "EXPIRES"],
      [
        idOf(key),
        "ci",
        "active",
        "editor:payments/* deny:editor:payments/*/db.*",
        "payments/*",
        "never",
        "never",
      ],
      [""],
    ]);
    const shown = await runCaptured(["keys", "show", idOf(key)], server);
    expect(shown.stdout).toContain(
      "grants:    editor:payments/*\n           deny:editor:payments/*/db.*\n",
    );
    for (const { stdout: text } of [shown, await runCaptured(["keys", "list", "--json"], server)]) {
      expect(text).toContain(idOf(key));
      expect(text).not.toMatch(wholeKey);
    }
  });

  it("asks for the state that is wanted", async () => {
    await using server = await startFakeAccess();
    const key = await created(server.url, "ci", "--role", "viewer");
    await runCaptured(["keys", "revoke", idOf(key), "--yes"], server);
    const active = await runCaptured(["keys", "list", "--json"], server);
    const revoked = await runCaptured(["keys", "list", "--state", "revoked", "--json"], server);
    expect(JSON.parse(active.stdout).items).toEqual([]);
    expect(JSON.parse(revoked.stdout).items).toMatchObject([{ id: idOf(key), state: "revoked" }]);
  });
});

describe("keys revoke", () => {
  it("revokes after a yes on a terminal, and names the key in the question", async () => {
    await using server = await startFakeAccess();
    const key = await created(server.url, "the deploy job", "--role", "viewer");
    const no = await runCaptured(["keys", "revoke", idOf(key)], { ...server, ...terminal("n\n") });
    expect(no.exitCode).toBe(1);
    expect(no.stderr).toContain(`Revoke the API key ${idOf(key)} (the deploy job) for good? [y/N]`);
    const still = await runCaptured(["whoami"], { ...server, env: { FAIRLEAD_API_KEY: key } });
    expect(still.exitCode).toBe(0);
    const yes = await runCaptured(["keys", "revoke", idOf(key)], { ...server, ...terminal("y\n") });
    expect(yes.stdout).toBe(`Revoked the API key ${idOf(key)}.\n`);
    const gone = await runCaptured(["whoami"], { ...server, env: { FAIRLEAD_API_KEY: key } });
    expect(gone.exitCode).toBe(6);
  });

  it("wants --yes where nobody can answer", async () => {
    await using server = await startFakeAccess();
    const key = await created(server.url, "ci", "--role", "viewer");
    const piped = await runCaptured(["keys", "revoke", idOf(key)], server);
    const io = { ...server, ...terminal("y\n") };
    const program = await runCaptured(["keys", "revoke", idOf(key), "--json"], io);
    expect([piped.exitCode, program.exitCode, server.received.length]).toEqual([2, 2, 1]);
    expect(piped.stderr).toContain("--yes");
  });

  it("is done where the key is revoked already, also by a first attempt without an answer", async () => {
    await using access = await startFakeAccess();
    const key = await created(access.url, "ci", "--role", "viewer");
    let deletions = 0;
    const fetch = async (...[url, init]: Parameters<typeof globalThis.fetch>) => {
      const answer = await globalThis.fetch(url, init);
      if (init?.method === "DELETE" && (deletions += 1) === 1) throw new TypeError("cut");
      return answer;
    };
    const argv = ["keys", "revoke", idOf(key), "--yes", "--json"];
    const { exitCode, stdout } = await runCaptured(argv, { url: access.url, fetch });
    expect([exitCode, deletions]).toEqual([0, 2]);
    expect(JSON.parse(stdout)).toEqual({ id: idOf(key), state: "revoked" });
  });

  it("fails where the server will not revoke a key that is still active", async () => {
    await using server = await startFakeServer(({ method }) =>
      method === "GET"
        ? { body: { id: "abc", state: "active" } }
        : { status: 404, body: { title: "Not found", status: 404, code: "NOT_FOUND" } },
    );
    const { exitCode, stdout } = await runCaptured(["keys", "revoke", "abc", "--yes"], server);
    expect([exitCode, stdout]).toEqual([3, ""]);
  });

  it("fails for an id that is not known", async () => {
    await using server = await startFakeAccess();
    const { exitCode } = await runCaptured(["keys", "revoke", "nobody", "--yes"], server);
    expect(exitCode).toBe(3);
  });

  it("never puts a whole key into a path, where logs would keep it", async () => {
    await using server = await startFakeServer(() => ({ status: 204 }));
    const key = `fl_${"i".repeat(16)}_${"s".repeat(50)}`;
    for (const argv of [
      ["show", key],
      ["revoke", key, "--yes"],
    ]) {
      const { exitCode, stderr } = await runCaptured(["keys", ...argv], server);
      expect([exitCode, server.received]).toEqual([5, []]);
      expect(stderr).toContain(`it is ${"i".repeat(16)}`);
      expect(stderr).not.toContain("sss");
    }
    const parent = await runCaptured(["keys", "show", ".."], server);
    expect([parent.exitCode, server.received]).toEqual([5, []]);
  });
});
