import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../src/platform/settings.ts";
import { blocksOf, elide, readPage, root } from "./helpers/documented.ts";
import { type Server, startServer } from "./helpers/start-server.ts";

const readme = await readPage("README.md");

const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

const mark = "--- next step ---";

/** What each of the commands prints, run by one shell in the checkout as a reader would. */
const runInOneShell = async (commands: readonly string[], server: Server): Promise<string[]> => {
  const script = ["set -euo pipefail", ...commands.flatMap((text) => [`echo '${mark}'`, text])];
  const { stdout } = await promisify(execFile)("bash", ["-c", script.join("\n")], {
    cwd: root,
    env: {
      PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
      HOME: process.env["HOME"],
      FAIRLEAD_URL: server.url,
    },
  });
  return stdout.split(`${mark}\n`).slice(1);
};

describe("the first steps in README.md", () => {
  const [install, ...blocks] = blocksOf(readme);
  /** Each command, with the output that is written below it, if any is. */
  const steps = blocks.flatMap(({ language, text: command }, index) => {
    const below = blocks[index + 1];
    return language === "sh"
      ? [{ command, below: below?.language === "sh" ? undefined : below }]
      : [];
  });
  let server: Server;
  let dataDir = "";

  // As `npm start`, but with its files in a folder that goes away, and a database that is there.
  beforeAll(async () => {
    server = await startServer({}, ({ folder }) => {
      dataDir = join(folder, ".fairlead");
      return {
        command: [process.execPath, "src/entry/node.ts"],
        env: { DATA_DIR: dataDir, BOOTSTRAP_ADMIN_KEY: "" },
      };
    });
  });
  afterAll(() => server.stop());

  it("begin with what a checkout starts by", () => {
    expect(install!.text).toBe("npm ci\nnpm start");
    expect(manifest.scripts["start"]).toBe("exec node src/entry/node.ts");
    expect(parseSettings({})).toMatchObject({
      host: "127.0.0.1",
      port: 8787,
      dataDir: ".fairlead",
    });
  });

  it("print what is written below each", async () => {
    const commands = steps.map(({ command }) =>
      command
        .replaceAll("http://127.0.0.1:8787", server.url)
        .replaceAll(".fairlead/", `${dataDir}/`),
    );
    const outputs = await runInOneShell(commands, server);
    const shown = steps.flatMap(({ below, command }, index) => {
      if (below === undefined) return [];
      const output = outputs[index]!.trimEnd();
      const isJson = below.language === "json";
      const written: unknown = isJson ? JSON.parse(below.text) : below.text;
      const found = isJson ? elide(JSON.parse(output), written) : output;
      return [{ written: { command, output: written }, found: { command, output: found } }];
    });
    expect(shown).toHaveLength(3);
    expect(shown.map(({ found }) => found)).toEqual(shown.map(({ written }) => written));
    expect(outputs.at(-1)).toContain("Committed as revision 3.");
  });
});

it("README.md names the commands that package.json has", () => {
  const named = [...readme.matchAll(/^\| `npm (?:run )?([\w:]+)`/gm)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(5);
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(named));
});

const camelCase = (name: string): string =>
  name.toLowerCase().replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Why a variable's value is refused; empty if it is not. */
const refusalOf = (name: string, value: string | number): string => {
  try {
    parseSettings({ [name]: String(value) });
    return "";
  } catch (error) {
    return String(error);
  }
};

describe("the table of settings in docs/operations.md", async () => {
  const operations = await readPage("docs/operations.md");
  const rows = [...operations.matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|/gm)].map(
    ([, name = "", fallback = "", range = ""]) => ({ name, fallback, range }),
  );
  const numeric = rows.flatMap(({ name, range }) => {
    const [, least, most] = /^(\d+) to (\d+)$/.exec(range) ?? [];
    return most === undefined ? [] : [{ name, least: Number(least), most: Number(most) }];
  });
  const listed = rows.filter(({ range }) => range.startsWith("`"));
  const free = rows.filter(({ range }) => range === "any");

  it("has every variable, and no other", () => {
    expect(rows.map(({ name }) => camelCase(name)).toSorted()).toEqual(
      Object.keys(parseSettings({})).toSorted(),
    );
    expect(numeric.length + listed.length + free.length).toBe(rows.length);
  });

  it("has every default", () => {
    const defaults = Object.entries(parseSettings({})).map(([name, value]) => [
      name,
      value === undefined ? "none" : `\`${String(value)}\``,
    ]);
    const written = rows.map(({ fallback, name }) => [camelCase(name), fallback]);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(defaults));
  });

  it.each(numeric)("has the range of $name", ({ least, most, name }) => {
    for (const inside of [least, most]) expect(refusalOf(name, inside)).toBe("");
    for (const outside of [least - 1, most + 1]) expect(refusalOf(name, outside)).toContain(name);
  });

  it.each(listed)("has the words for $name", ({ name, range }) => {
    const words = range.replaceAll("`", "").split(", ");
    for (const word of words) expect(refusalOf(name, word)).toBe("");
    const offered = [...refusalOf(name, "another").matchAll(/"(\w+)"/g)].map(([, word]) => word);
    expect(words).toEqual(offered);
  });

  it.each(free)("knows of no range of $name", ({ name }) => {
    expect(refusalOf(name, -1e9)).not.toMatch(/expected (number|one of)/);
  });
});

/** Where a heading is found by a link, as GitHub makes it. */
const anchorsOf = (page: string): string[] =>
  [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

const isDead = async (path: string, link: string): Promise<boolean> => {
  const [target = "", anchor] = link.split("#");
  const file = target === "" ? path : join(dirname(path), target);
  if (!existsSync(join(root, file))) return true;
  return anchor !== undefined && !anchorsOf(await readPage(file)).includes(anchor);
};

const pages = [
  "README.md",
  "CHANGELOG.md",
  "bench/README.md",
  ...(await readdir(join(root, "docs"), { recursive: true }))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

describe.each(pages)("%s", (path) => {
  it("has no link that leads nowhere", async () => {
    const page = await readPage(path);
    const links = [...page.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const dead = await Promise.all(links.map((link) => isDead(path, link)));
    expect(links.filter((_, index) => dead[index])).toEqual([]);
  });

  it("names no file that is not there", async () => {
    const page = await readPage(path);
    const names = page.matchAll(/`((?:src|scripts|workers|test|migrations)\/[\w./-]+)`/g);
    const missing = [...names]
      .map(([, name = ""]) => name)
      .filter((name) => !existsSync(join(root, name)));
    expect(missing).toEqual([]);
  });
});
