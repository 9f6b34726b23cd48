import { chmod, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keyOf, openProfileFolder, serverUrl } from "../testing/profile-folder.ts";
import { inputOf, runCaptured } from "../testing/run-captured.ts";
import { temporaryFiles } from "../testing/temporary-files.ts";

describe("the file of profiles", () => {
  it.each([0o640, 0o604, 0o620, 0o602, 0o666])(
    "is refused where others may read or write it (mode %o), with what to run",
    async (mode) => {
      await using profiles = await openProfileFolder();
      await profiles.add("production");
      await chmod(profiles.file, mode);
      const list = await profiles.run(["list"]);
      const add = await profiles.add("staging");
      expect([list.exitCode, add.exitCode]).toEqual([2, 2]);
      expect(list.stderr).toContain(`chmod 600 ${profiles.file}`);
      await chmod(profiles.file, 0o600);
      expect((await profiles.run(["list"])).stdout).not.toContain("staging");
    },
  );

  it.each([
    ["an end too early", '{ "profiles": [', "profiles.json: "],
    ["a secret out of place", `{ "profiles": [ ${keyOf("k")} ] }`, "line 1"],
    ["no list", '{ "profiles": {} }', "profiles.json: profiles: "],
    ["no profiles", "[]", "profiles.json: the whole: "],
    ["no key", '{ "profiles": [{ "name": "a", "url": "https://x.test" }] }', "profiles.0.apiKey: "],
    [
      "a key that is none",
      '{ "profiles": [{ "name": "a", "url": "https://x.test", "apiKey": "s3cret s3cret" }] }',
      "profiles.0.apiKey: The API key holds characters",
    ],
    [
      "a URL with a password",
      '{ "profiles": [{ "name": "a", "url": "https://u:s3cret@x.test", "apiKey": "k" }] }',
      "profiles.0.url: The server's URL must not hold credentials",
    ],
    [
      "a name twice",
      '{ "profiles": [{ "name": "a", "url": "https://x.test", "apiKey": "k" }, { "name": "a", "url": "https://y.test", "apiKey": "k" }] }',
      "profiles: a name is given twice",
    ],
    [
      "an unknown default",
      '{ "default": "b", "profiles": [] }',
      "default: no profile has this name",
    ],
  ])(
    "is refused with %s: the file, the place, what to do, and no secret",
    async (_what, text, place) => {
      await using profiles = await openProfileFolder();
      await profiles.put(text);
      for (const argv of [["list"], ["use", "a"], ["remove", "a"]]) {
        const { exitCode, stdout, stderr } = await profiles.run(argv);
        expect([exitCode, stdout]).toEqual([2, ""]);
        expect(stderr).toContain(profiles.file);
        expect(stderr).toContain(place);
        expect(stderr).toContain("add the profiles anew");
        expect(stderr).not.toContain("s3cret");
      }
      expect(await readFile(profiles.file, "utf8")).toBe(text);
    },
  );

  it("keeps what a later version added", async () => {
    await using profiles = await openProfileFolder();
    const one = { name: "a", url: "https://x.test/", apiKey: "k", region: "eu" };
    await profiles.put(JSON.stringify({ schema: 2, profiles: [one] }));
    await profiles.add("b");
    const kept = JSON.parse(await readFile(profiles.file, "utf8"));
    expect(kept).toMatchObject({ schema: 2, profiles: [one, { name: "b" }] });
  });

  it("lies in FAIRLEAD_CONFIG_DIR, else XDG_CONFIG_HOME, else the home folder", async () => {
    await using files = await temporaryFiles({});
    const { cwd } = files;
    const add = (env: Record<string, string>) =>
      runCaptured(["profiles", "add", "p", "--url", serverUrl], {
        env: { FAIRLEAD_API_KEY: "", ...env },
        stdin: inputOf(keyOf("k")),
      });
    const [own, xdg, home] = ["own", "xdg", "home"].map((name) => join(cwd, name)) as [
      string,
      string,
      string,
    ];
    await add({ FAIRLEAD_CONFIG_DIR: own, XDG_CONFIG_HOME: xdg, HOME: home });
    await add({ XDG_CONFIG_HOME: xdg, HOME: home });
    await add({ XDG_CONFIG_HOME: "relative", HOME: home });
    expect(await readdir(cwd)).toEqual(["home", "own", "xdg"]);
    expect(await readdir(own)).toEqual(["profiles.json"]);
    expect(await readdir(join(xdg, "fairlead"))).toEqual(["profiles.json"]);
    expect(await readdir(join(home, ".config", "fairlead"))).toEqual(["profiles.json"]);
    const nowhere = await add({});
    expect(nowhere.exitCode).toBe(2);
    expect(nowhere.stderr).toContain("FAIRLEAD_CONFIG_DIR");
  });
});
