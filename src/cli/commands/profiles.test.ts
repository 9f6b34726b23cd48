import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { keyOf, openProfileFolder, serverUrl } from "../testing/profile-folder.ts";
import { inputOf, terminal } from "../testing/run-captured.ts";

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
const wait = (delayMs: number): Promise<void> =>
  new Promise((resume) => {
    setTimeout(resume, delayMs);
  });

describe("profiles add", () => {
  it("stores a key from standard input where only its owner may read, and shows it nowhere", async () => {
    await using profiles = await openProfileFolder();
    const run = await profiles.add("production");
    expect(run.exitCode).toBe(0);
    expect(JSON.parse(await readFile(profiles.file, "utf8"))).toEqual({
      profiles: [{ name: "production", url: `${serverUrl}/`, apiKey: keyOf("k") }],
    });
    expect([await modeOf(profiles.folder), await modeOf(profiles.file)]).toEqual([0o700, 0o600]);
    expect(await readdir(profiles.folder)).toEqual(["profiles.json"]);
    const list = await profiles.run(["list"]);
    const json = await profiles.run(["list", "--json"]);
    expect(list.stdout).toBe(
      `NAME        URL                          KEY ID            DEFAULT\nproduction  ${serverUrl}/  ${"k".repeat(16)}  no\n`,
    );
    expect(JSON.parse(json.stdout).items).toEqual([
      { name: "production", url: `${serverUrl}/`, keyId: "k".repeat(16), default: false },
    ]);
    expect(JSON.stringify([run, list, json])).not.toContain("s3cret");
  });

  it("keeps the mode whatever the umask allows", async () => {
    await using profiles = await openProfileFolder();
    const before = process.umask(0);
    try {
      await profiles.add("production");
    } finally {
      process.umask(before);
    }
    expect([await modeOf(profiles.folder), await modeOf(profiles.file)]).toEqual([0o700, 0o600]);
  });

  it("asks for the key on a terminal without showing it", async () => {
    await using profiles = await openProfileFolder();
    const modes: boolean[] = [];
    const { exitCode, stdout, stderr } = await profiles.run(
      ["add", "production", "--url", serverUrl],
      {
        ...terminal(`${keyOf("k")}\r`),
        setRawMode: (raw: boolean) => modes.push(raw),
      },
    );
    expect([exitCode, modes]).toEqual([0, [true, false]]);
    expect(stdout + stderr).not.toContain("s3cret");
    expect(await readFile(profiles.file, "utf8")).toContain(keyOf("k"));
  });

  it("takes the key from the environment only with --from-env", async () => {
    await using profiles = await openProfileFolder();
    const env = { ...profiles.env, FAIRLEAD_API_KEY: keyOf("e") };
    const argv = ["add", "production", "--url", serverUrl];
    const without = await profiles.run(argv, { env, stdin: inputOf("") });
    const taken = await profiles.run([...argv, "--from-env"], { env });
    expect([without.exitCode, taken.exitCode]).toEqual([2, 0]);
    expect(await readFile(profiles.file, "utf8")).toContain(keyOf("e"));
  });

  it.each([
    [["add", "production", keyOf("k"), "--url", serverUrl]],
    [["add", "production", "--url", serverUrl, "--api-key", keyOf("k")]],
  ])("takes no key from the arguments and does not repeat it: %j", async (argv) => {
    await using profiles = await openProfileFolder();
    const { exitCode, stdout, stderr } = await profiles.run(argv, { stdin: inputOf(keyOf("k")) });
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("never from the arguments");
    expect(stderr).not.toContain("s3cret");
    await expect(readdir(profiles.folder)).rejects.toThrow("ENOENT");
  });

  it.each([
    ["no URL", ["add", "production"], keyOf("k")],
    ["no name", ["add", "--url", serverUrl], keyOf("k")],
    ["a URL with a password", ["add", "p", "--url", "https://u:s3cret@x.test"], keyOf("k")],
    ["a name that is none", ["add", "../p", "--url", serverUrl], keyOf("k")],
    ["an empty input", ["add", "p", "--url", serverUrl], "\n"],
    ["a key of two lines", ["add", "p", "--url", serverUrl], `${keyOf("k")}\n${keyOf("l")}`],
  ])("stores nothing with %s", async (_what, argv, text) => {
    await using profiles = await openProfileFolder();
    const { exitCode, stdout, stderr } = await profiles.run(argv, { stdin: inputOf(text) });
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).not.toContain("s3cret");
    await expect(readdir(profiles.folder)).rejects.toThrow("ENOENT");
  });

  it("writes over a profile only with --replace, and does not ask for a key in vain", async () => {
    await using profiles = await openProfileFolder();
    await profiles.add("production");
    await profiles.run(["use", "production"]);
    let isRead = false;
    const stdin = (async function* () {
      isRead = true;
      yield keyOf("n");
    })();
    const taken = await profiles.run(["add", "production", "--url", serverUrl], { stdin });
    expect([taken.exitCode, isRead]).toEqual([4, false]);
    expect(taken.stderr).toContain("--replace");
    await profiles.add("production", keyOf("n"), "--replace");
    const { items } = JSON.parse((await profiles.run(["list", "--json"])).stdout);
    expect(items).toMatchObject([{ keyId: "n".repeat(16), default: true }]);
  });

  it("warns of a key that was cut and of a URL that would carry it unencrypted", async () => {
    await using profiles = await openProfileFolder();
    const cut = await profiles.add("production", keyOf("k").slice(0, -3));
    expect(cut.stderr).toContain("does not look whole");
    const http = await profiles.run(["add", "plain", "--url", "http://config.example.com"], {
      stdin: inputOf(keyOf("k")),
    });
    expect(http.stderr).toContain("unencrypted");
  });

  it("loses none of many that are added at the same time", async () => {
    await using profiles = await openProfileFolder();
    const names = Array.from({ length: 8 }, (_, index) => `p${index}`);
    const runs = await Promise.all(
      names.map((name) =>
        profiles.run(["add", name, "--url", serverUrl], { stdin: inputOf(keyOf("k")), wait }),
      ),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual(names.map(() => 0));
    const { items } = JSON.parse((await profiles.run(["list", "--json"])).stdout);
    expect(items.map(({ name }: { name: string }) => name).sort()).toEqual(names);
  });

  it("lets one of two that take the same name at the same time have it", async () => {
    await using profiles = await openProfileFolder();
    const argv = ["add", "p", "--url", serverUrl];
    const runs = await Promise.all(
      ["a", "b"].map((letter) => profiles.run(argv, { stdin: inputOf(keyOf(letter)), wait })),
    );
    expect(new Set(runs.map(({ exitCode }) => exitCode))).toEqual(new Set([0, 4]));
    const winner = runs[0]?.exitCode === 0 ? "a" : "b";
    expect(await readFile(profiles.file, "utf8")).toContain(keyOf(winner));
  });

  it("says what stands in the way where a write was killed, and leaves the profiles whole", async () => {
    await using profiles = await openProfileFolder();
    await profiles.add("production");
    const before = await readFile(profiles.file, "utf8");
    await writeFile(`${profiles.file}.new`, '{ "profi');
    const { exitCode, stderr } = await profiles.add("staging");
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${profiles.file}.new`);
    expect(await readFile(profiles.file, "utf8")).toBe(before);
    expect((await profiles.run(["list"])).exitCode).toBe(0);
  });
});

describe("profiles use and remove", () => {
  it("chooses the default, and has none once that is removed", async () => {
    await using profiles = await openProfileFolder();
    await profiles.add("production");
    await profiles.add("staging");
    const defaults = async () => {
      const { items } = JSON.parse((await profiles.run(["list", "--json"])).stdout);
      return items.map((item: { name: string; default: boolean }) => [item.name, item.default]);
    };
    await profiles.run(["use", "staging"]);
    expect(await defaults()).toEqual([
      ["production", false],
      ["staging", true],
    ]);
    await profiles.run(["use", "--none"]);
    expect((await defaults()).flat()).not.toContain(true);
    await profiles.run(["use", "staging"]);
    const removed = await profiles.run(["remove", "staging"]);
    expect(removed.stdout).toContain("Removed the profile staging.");
    expect(await defaults()).toEqual([["production", false]]);
    expect(await readFile(profiles.file, "utf8")).not.toContain("staging");
  });

  it.each([["use"], ["remove"]])("says which profiles there are: %s", async (command) => {
    await using profiles = await openProfileFolder();
    const none = await profiles.run([command, "prod"]);
    expect(none.stderr).toContain("There are none");
    await profiles.add("production");
    await profiles.add("staging");
    const { exitCode, stderr } = await profiles.run([command, "prod"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("There is no profile prod. There are: production, staging.");
    expect(await readdir(profiles.folder)).toEqual(["profiles.json"]);
  });
});
