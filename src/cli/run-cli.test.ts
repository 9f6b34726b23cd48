import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { runCaptured } from "./testing/run-captured.ts";

const commands = [
  "get",
  "set",
  "delete",
  "apply",
  "diff",
  "history",
  "changes",
  "rollback",
  "environments",
  "environments create",
  "apps",
  "whoami",
  "keys",
  "keys create",
  "keys list",
  "keys show",
  "keys revoke",
  "roles",
  "roles list",
  "roles create",
  "roles update",
  "roles delete",
  "audit",
  "profiles",
  "profiles add",
  "profiles list",
  "profiles use",
  "profiles remove",
];

const unreachable = () => Promise.reject(new Error("asked"));

describe("help", () => {
  it("lists every command and exit code on standard output", async () => {
    const { exitCode, stdout, stderr } = await runCaptured(["--help"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    for (const command of commands) expect(stdout).toContain(`  ${command.split(" ")[0]}`);
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7])
      expect(stdout).toMatch(new RegExp(`^ {2}${code}  `, "m"));
  });

  it.each(commands)("has examples and the global options for %s", async (command) => {
    const { exitCode, stdout } = await runCaptured([...command.split(" "), "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`$ fairlead ${command}`);
    expect(stdout).toContain("--timeout");
  });

  it("prints the version", async () => {
    const { exitCode, stdout } = await runCaptured(["--version"]);
    expect([exitCode, stdout]).toEqual([0, `${packageJson.version}\n`]);
  });
});

describe("wrong usage", () => {
  it.each([
    [[]],
    [["frobnicate"]],
    [["get"]],
    [["get", "a", "--all"]],
    [["get", "a", "b"]],
    [["get", "a", "--prefix", "b"]],
    [["get", "--all", "--explain"]],
    [["get", "a", "--no-such-option"]],
    [["set", "a"]],
    [["set", "a", "1", "--type", "integer"]],
    [["set", "a", "1", "--merge", "shallow"]],
    [["set", "a", "1", "--expected-version", "-1"]],
    [["set", "a", "1", "--expected-version", "1.5"]],
    [["set", "a", "1", "--schema", "/nonexistent/schema.json"]],
    [["apply"]],
    [["apply", "/nonexistent/file.yml"]],
    [["diff"]],
    [["diff", "--from", "1"]],
    [["diff", "--from", "1", "--to", "2", "--to-environment", "x"]],
    [["diff", "--from-environment", "a", "--to-environment", "b"]],
    [["history"]],
    [["history", "a", "--limit", "0"]],
    [["rollback"]],
    [["rollback", "a"]],
    [["rollback", "a", "--to-revision", "3"]],
    [["rollback", "--to-version", "3"]],
    [["rollback", "--to-revision", "3"]],
    [["environments", "create", "x"]],
    [["environments", "destroy"]],
    [["keys"]],
    [["keys", "create"]],
    [["keys", "create", "a"]],
    [["keys", "create", "a", "--app", "b"]],
    [["keys", "create", "a", "--grant", "viewer", "--key-pattern", "b"]],
    [["keys", "create", "a", "--role", "viewer", "--expires-at", "tomorrow"]],
    [["keys", "create", "a", "--role", "viewer", "--expires-at", "2026-12-31T00:00:00"]],
    [["keys", "create", "a", "--role", "viewer", "--expires-in", "0d"]],
    [["keys", "create", "a", "--role", "viewer", "--expires-in", "30"]],
    ["keys create a --role b --expires-in 1d --expires-at 2026-12-31T00:00:00Z".split(" ")],
    [["keys", "list", "--state", "gone"]],
    [["keys", "show"]],
    [["keys", "revoke", "a"]],
    [["roles", "create", "a"]],
    [["roles", "update", "a", "--description", "b"]],
    [["audit", "--export", "--limit", "5"]],
    [["audit", "--revision", "x"]],
    [["profiles"]],
    [["profiles", "use"]],
    [["profiles", "use", "a", "--none"]],
    [["apps", "--profile", "a"]],
    [["apps", "--timeout", "0"]],
    [["apps", "--timeout", "soon"]],
    [["apps", "--url", "ftp://example.com"]],
    [["apps", "--url", "config"]],
  ])("exits with 2 and asks nobody: %j", async (argv) => {
    const asked: unknown[] = [];
    const fetch = async (url: unknown) => {
      asked.push(url);
      return Response.json({});
    };
    const { exitCode, stdout, stderr } = await runCaptured(argv, { fetch });
    expect([exitCode, stdout, asked]).toEqual([2, "", []]);
    expect(stderr).toMatch(/^error: Wrong usage: ./);
  });

  it.each(["..", "", "a/b", "-a", "a b", "x".repeat(257)])(
    "refuses the key %j before it becomes part of a path",
    async (key) => {
      const { exitCode, stderr } = await runCaptured(["get", "--", key], { fetch: unreachable });
      expect([exitCode, stderr]).toEqual([5, expect.stringContaining("A key has 1 to 256")]);
    },
  );
});

describe("keys in the arguments", () => {
  it.each([
    [["get", "KEY", "extra"]],
    [["KEY"]],
    [["apps", "--api-kye=KEY"]],
    [["keys", "list", "--state", "KEY"]],
    [["apps", "--profile", "KEY"]],
    [["keys", "create", "a", "--grant", "KEY/x/y/z"]],
  ])("are not repeated in an error, but for their public id: %j", async (argv) => {
    const key = `fl_${"i".repeat(16)}_${"s3cret".repeat(8)}xx`;
    const given = argv.map((argument) => argument.replace("KEY", key));
    for (const more of [[], ["--json"]]) {
      const { stderr } = await runCaptured([...given, ...more], { fetch: unreachable });
      expect(stderr).toContain(`fl_${"i".repeat(16)}_…`);
      expect(stderr).not.toContain("s3cret");
    }
  });
});
