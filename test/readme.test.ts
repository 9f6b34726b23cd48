import { execFile } from "node:child_process";
import { access, readdir, readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../src/platform/settings.ts";
import { blocksOf, elide, readPage, root } from "./helpers/documented.ts";
import { type Server, startServer } from "./helpers/start-server.ts";

const readme = await readPage("README.md");
const operations = await readPage("docs/operations.md");

const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

describe("the first steps in README.md", () => {
  const [install, ...steps] = blocksOf(readme);
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
    expect(manifest.scripts["start"]).toBe("node src/entry/node.ts");
    expect(parseSettings({})).toMatchObject({ host: "127.0.0.1", port: 8787, dataDir: ".fairlead" });
  });

  it("print what is written below each", async () => {
    const commands = steps.filter(({ language }) => language === "sh");
    const outputs = await runInOneShell(
      commands.map(({ text }) =>
        text.replaceAll("http://127.0.0.1:8787", server.url).replaceAll(".fairlead/", `${dataDir}/`),
      ),
      server,
    );
    for (const [index, step] of steps.entries()) {
      if (step.language === "sh") continue;
      const command = steps[index - 1]!;
      const output = outputs[commands.indexOf(command)] ?? "";
      if (step.language === "json") {
        const written: unknown = JSON.parse(step.text);
        expect(elide(JSON.parse(output), written), command.text).toEqual(written);
      } else expect(output.trimEnd(), command.text).toBe(step.text);
    }
    expect(outputs.at(-1)).toContain("Committed as revision 3.");
  });
});

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

it("README.md names the commands that package.json has", () => {
  const named = [...readme.matchAll(/^\| `npm (?:run )?([\w:]+)`/gm)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(5);
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(named));
});

describe("the table of settings in docs/operations.md", () => {
  const rows = [...operations.matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|/gm)].map(
    ([, name = "", fallback = "", range = ""]) => ({ name, fallback, range }),
  );
  const camelCase = (name: string): string =>
    name.toLowerCase().replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const parse = (name: string, value: string): unknown =>
    Object.entries(parseSettings({ [name]: value })).find(([key]) => key === camelCase(name))?.[1];

  it("has every variable and no other", () => {
    expect(rows.map(({ name }) => camelCase(name)).toSorted()).toEqual(
      Object.keys(parseSettings({})).toSorted(),
    );
  });

  it.each(rows)("says the default of $name", ({ fallback, name }) => {
    const [, value] = Object.entries(parseSettings({})).find(([key]) => key === camelCase(name))!;
    expect(value === undefined ? "none" : `\`${String(value)}\``).toBe(fallback);
  });

  it.each(rows)("says the range of $name", ({ name, range }) => {
    const numbers = /^(\d+) to (\d+)$/.exec(range);
    if (numbers !== null) {
      const [least, most] = [Number(numbers[1]), Number(numbers[2])];
      for (const inside of [least, most]) expect(parse(name, String(inside))).toBe(inside);
      for (const outside of [least - 1, most + 1]) {
        expect(() => parse(name, String(outside))).toThrow(name);
      }
    } else if (range.startsWith("`")) {
      for (const [, word = ""] of range.matchAll(/`(\w+)`/g)) expect(parse(name, word)).toBe(word);
      expect(() => parse(name, "another")).toThrow(name);
    } else {
      expect(range).toBe("any");
      expect(() => parse(name, "-1e9")).not.toThrow(/Too small|Too big/);
    }
  });
});

/** Where a heading is found by a link, as GitHub makes it. */
const anchorsOf = (page: string): Set<string> =>
  new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );

const pages = [
  "README.md",
  "CHANGELOG.md",
  "bench/README.md",
  ...(await readdir(join(root, "docs"), { recursive: true }))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

it.each(pages)("the files that %s names are there", async (path) => {
  const page = await readPage(path);
  for (const [, name = ""] of page.matchAll(/`((?:src|scripts|workers|test|migrations)\/[\w./-]+)`/g)) {
    await expect(access(join(root, name)), name).resolves.toBeUndefined();
  }
});

it.each(pages)("the links of %s lead somewhere", async (path) => {
  const page = await readPage(path);
  for (const [, link = ""] of page.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
    const [target = "", anchor] = link.split("#");
    const file = target === "" ? path : join(dirname(path), target);
    await expect(access(join(root, file)), link).resolves.toBeUndefined();
    if (anchor === undefined) continue;
    expect([...anchorsOf(await readPage(file))], link).toContain(anchor);
  }
});
