import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCaptured } from "./testing/run-captured.ts";
import { temporaryFiles } from "./testing/temporary-files.ts";

const two = {
  default: "production",
  profiles: [
    { name: "production", url: "https://config.example.com/base/", apiKey: "production-key" },
    { name: "local", url: "http://127.0.0.1:9000/", apiKey: "local-profile-key" },
  ],
};

/** Runs `apps` with stored profiles; tells where the request went, and with which key. */
const openProfiles = async (profiles: object = two) => {
  const text = JSON.stringify(profiles);
  const files = await temporaryFiles({ "profiles.json": text, ".fairlead/admin.key": "admin-key" });
  await chmod(join(files.cwd, "profiles.json"), 0o600);
  const run = async (argv: readonly string[] = [], env: Record<string, string> = {}) => {
    const sent: (readonly [string, string | null])[] = [];
    const fetch = async (target: unknown, init?: RequestInit) => {
      sent.push([
        String(target).split("v1")[0] ?? "",
        new Headers(init?.headers).get("Authorization"),
      ]);
      return Response.json({ items: [] });
    };
    const outcome = await runCaptured(["apps", ...argv], {
      cwd: files.cwd,
      fetch,
      env: { FAIRLEAD_API_KEY: "", FAIRLEAD_CONFIG_DIR: files.cwd, ...env },
    });
    return { ...outcome, sent: sent[0] };
  };
  return {
    run,
    file: join(files.cwd, "profiles.json"),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
};

describe("where the URL and the key come from", () => {
  const profileUrl = "https://config.example.com/base/";
  const local = ["http://127.0.0.1:9000/", "Bearer local-profile-key"];

  it.each([
    ["the default profile", [], {}, [profileUrl, "Bearer production-key"]],
    ["a profile by option", ["--profile", "local"], {}, local],
    ["a profile by environment", [], { FAIRLEAD_PROFILE: "local" }, local],
    [
      "the option's profile before the environment's",
      ["--profile", "local"],
      { FAIRLEAD_PROFILE: "production" },
      local,
    ],
    [
      "the key of the environment before the profile's",
      [],
      { FAIRLEAD_API_KEY: "env-key" },
      [profileUrl, "Bearer env-key"],
    ],
    [
      "options before all",
      ["--url", "https://o.test/", "--api-key", "option-key"],
      { FAIRLEAD_URL: "https://e.test", FAIRLEAD_API_KEY: "env-key" },
      ["https://o.test/", "Bearer option-key"],
    ],
    [
      "the environment before the profile",
      ["--profile", "local"],
      { FAIRLEAD_URL: "https://e.test/", FAIRLEAD_API_KEY: "env-key" },
      ["https://e.test/", "Bearer env-key"],
    ],
    [
      "the option's key at the profile's URL",
      ["--api-key", "option-key"],
      {},
      [profileUrl, "Bearer option-key"],
    ],
    [
      "the profile's key at another path of its origin",
      ["--url", "https://config.example.com/other/"],
      {},
      ["https://config.example.com/other/", "Bearer production-key"],
    ],
  ])("takes %s", async (_what, argv, env, sent) => {
    await using profiles = await openProfiles();
    const outcome = await profiles.run(argv, env);
    expect([outcome.exitCode, outcome.sent]).toEqual([0, sent]);
    expect(outcome.stdout + outcome.stderr).not.toMatch(/-key\b/);
  });

  it("takes the local server with its administrator's key where there is no default", async () => {
    await using profiles = await openProfiles({ profiles: two.profiles });
    expect((await profiles.run()).sent).toEqual(["http://127.0.0.1:8787/", "Bearer admin-key"]);
  });
});

describe("a profile's key", () => {
  it.each([
    ["https://elsewhere.test/"],
    ["http://config.example.com/base/"],
    ["https://config.example.com:8443/base/"],
    ["https://config.example.com.evil.test/base/"],
    ["https://api.config.example.com/base/"],
  ])("never goes to %s", async (url) => {
    await using profiles = await openProfiles();
    const byOption = await profiles.run(["--url", url]);
    const byEnvironment = await profiles.run([], { FAIRLEAD_URL: url });
    const byName = await profiles.run(["--url", url, "--profile", "production"]);
    for (const { sent } of [byOption, byEnvironment, byName]) expect(sent).toEqual([url, null]);
    expect(byName.stderr).toContain("--url names another server than the profile production");
    expect(byOption.stderr).toBe("");
  });

  it("is said to be passed over where the profile was asked for by name", async () => {
    await using profiles = await openProfiles();
    const { stderr } = await profiles.run(["--profile", "local"], { FAIRLEAD_API_KEY: "env-key" });
    expect(stderr).toBe("FAIRLEAD_API_KEY is used instead of the key of the profile local.\n");
  });
});

describe("profiles that cannot be used", () => {
  it("names those that there are", async () => {
    await using profiles = await openProfiles();
    const { exitCode, stderr, sent } = await profiles.run(["--profile", "prod"]);
    expect([exitCode, sent]).toEqual([2, undefined]);
    expect(stderr).toContain("There is no profile prod. There are: production, local.");
  });

  it("sends nothing where the file is damaged or open to others, unless all is said without it", async () => {
    await using profiles = await openProfiles();
    const said = ["--url", "https://o.test/", "--api-key", "option-key"];
    await chmod(profiles.file, 0o644);
    const open = await profiles.run();
    await chmod(profiles.file, 0o600);
    await writeFile(profiles.file, "{");
    const damaged = await profiles.run();
    const named = await profiles.run([...said, "--profile", "local"]);
    for (const { exitCode, sent, stderr } of [open, damaged, named]) {
      expect([exitCode, sent]).toEqual([2, undefined]);
      expect(stderr).toContain(profiles.file);
    }
    expect((await profiles.run(said)).exitCode).toBe(0);
  });
});
