import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { catalogue } from "../src/errors.ts";
import { checkErrorPages, writeErrorPages } from "./docs.ts";

const committed = join(import.meta.dirname, "../docs/errors");

const writtenFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-docs-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeErrorPages(folder);
  return folder;
};

describe("docs/errors", () => {
  it("is in step with the catalogue (if not: node scripts/docs.ts)", async () => {
    expect(await checkErrorPages(committed)).toEqual([]);
    expect(await readdir(committed)).toHaveLength(Object.keys(catalogue).length + 1);
  });

  it("says of each code its status, what it means and what to do", async () => {
    const page = await readFile(join(committed, "CONFLICT.md"), "utf8");
    expect(page).toContain("# CONFLICT");
    expect(page).toContain("409");
    expect(page).toContain(catalogue.CONFLICT.meaning);
    expect(page).toContain(catalogue.CONFLICT.remedy);
    const example = /```json\n([^`]+)```/.exec(page)?.[1] ?? "";
    expect(JSON.parse(example)).toMatchObject({ code: "CONFLICT", status: 409 });
  });

  it("is checked for missing, stale and stray files", async () => {
    const folder = await writtenFolder();
    expect(await checkErrorPages(folder)).toEqual([]);
    await rm(join(folder, "GONE.md"));
    await writeFile(join(folder, "README.md"), "# Errors\n");
    await writeFile(join(folder, "TEAPOT.md"), "");
    await writeFile(join(folder, "notes.txt"), "");
    expect(await checkErrorPages(folder)).toEqual([
      "README.md: is not what the catalogue says",
      "GONE.md: is missing",
      "TEAPOT.md: belongs to no error code",
      "notes.txt: belongs to no error code",
    ]);
  });

  it("loses the pages of codes that are gone when written anew, and nothing else", async () => {
    const folder = await writtenFolder();
    await writeFile(join(folder, "TEAPOT.md"), "");
    await writeFile(join(folder, "notes.txt"), "");
    await writeErrorPages(folder);
    expect(await checkErrorPages(folder)).toEqual(["notes.txt: belongs to no error code"]);
  });

  it("passes the check as it is run in a shell", async () => {
    const script = join(import.meta.dirname, "docs.ts");
    const { stderr } = await promisify(execFile)(process.execPath, [script, "--check"]);
    expect(stderr).toBe("");
  });
});
