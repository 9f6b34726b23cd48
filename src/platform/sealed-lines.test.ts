import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSealedLines, removeLeftovers, writeSealedLines } from "./sealed-lines.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-sealed-"));
  path = join(folder, "inner", "file.ndjson");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const lines = [{ a: "ü\n" }, [1, null], "x".repeat(300_000), { b: "x".repeat(300_000) }, 1];

describe("a sealed file", () => {
  it("gives back what was written", async () => {
    await writeSealedLines(path, lines);
    expect(await readSealedLines(path)).toEqual(lines);
    await writeSealedLines(path, []);
    expect(await readSealedLines(path)).toEqual([]);
  });

  it("is for its owner alone to read, and so is its folder", async () => {
    await writeSealedLines(path, lines);
    const modes = [path, join(folder, "inner")].map(async (of) => (await stat(of)).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o600, 0o700]);
  });

  it("is missing where nothing was written", async () => {
    expect(await readSealedLines(path)).toBeUndefined();
  });

  it("is known to be damaged, wherever a byte is wrong or missing", async () => {
    await writeSealedLines(path, lines.slice(0, 2));
    const whole = await readFile(path, "utf8");
    for (let place = 0; place < whole.length; place += 1) {
      const letter = whole[place] === "0" ? "1" : "0";
      for (const damaged of [
        whole.slice(0, place),
        whole.slice(0, place) + whole.slice(place + 1),
        whole.slice(0, place) + letter + whole.slice(place + 1),
      ]) {
        await writeFile(path, damaged);
        await expect(readSealedLines(path)).rejects.toThrow("is damaged");
      }
    }
  });

  it("stays as it was where the next one cannot be written, and nothing is left of that", async () => {
    await writeSealedLines(path, lines);
    function* failing(): Generator {
      yield* lines;
      throw new Error("no more");
    }
    await expect(writeSealedLines(path, failing())).rejects.toThrow("no more");
    expect(await readSealedLines(path)).toEqual(lines);
    expect(await readdir(join(folder, "inner"))).toEqual(["file.ndjson"]);
  });

  it("is whole for who reads while it is written again and again", async () => {
    await writeSealedLines(path, [0]);
    const writing = (async () => {
      for (let turn = 1; turn <= 30; turn += 1) await writeSealedLines(path, [turn, ...lines]);
    })();
    let isDone = false;
    const done = writing.finally(() => {
      isDone = true;
    });
    let last = 0;
    while (!isDone) {
      const [turn] = (await readSealedLines(path)) as [number];
      expect(turn).toBeGreaterThanOrEqual(last);
      last = turn;
    }
    await done;
    expect(last).toBeGreaterThan(0);
  });

  it("is cleared of what a crash has left, but not of what is being written", async () => {
    await writeSealedLines(path, [1]);
    await writeFile(`${path}.old.tmp`, "half");
    await writeFile(`${path}.new.tmp`, "half");
    const longAgo = new Date(Date.now() - 7_200_000);
    await utimes(`${path}.old.tmp`, longAgo, longAgo);
    await removeLeftovers(join(folder, "inner"));
    await removeLeftovers(join(folder, "nowhere"));
    const left = await readdir(join(folder, "inner"));
    expect(left.toSorted((a, b) => a.length - b.length)).toEqual([
      "file.ndjson",
      "file.ndjson.new.tmp",
    ]);
  });
});
