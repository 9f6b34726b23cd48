/**
 * Writes docs/errors from the catalogue of errors: `node scripts/docs.ts`. With `--check` it writes
 * nothing, and fails naming each file that is missing, stale or not of the catalogue.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { catalogue, type ErrorCode } from "../src/errors.ts";
import { errorCodes } from "../src/http/docs/error-codes.ts";
import { formatJson } from "../src/http/docs/json-text.ts";
import { exampleProblem } from "../src/http/docs/problem-example.ts";

const notice = "<!-- Written by scripts/docs.ts from src/errors.ts. Change it there. -->";

const codePage = (code: ErrorCode): string => {
  const { status, title, meaning, remedy } = catalogue[code];
  return `${notice}

# ${code}

${title}. The status is ${status}.

## What it means

${meaning}

## What to do

${remedy}

## An example

\`\`\`json
${formatJson(exampleProblem(code))}
\`\`\`

[All error codes](README.md)
`;
};

const indexPage = (): string => `${notice}

# Error codes

Every error is a problem document (\`application/problem+json\`, RFC 9457) with one of these codes. A
running service shows the same pages under \`/docs/errors\`, where each problem's \`type\` leads.

| Code | Status | Title |
| --- | --- | --- |
${errorCodes
  .map((code) => `| [${code}](${code}.md) | ${catalogue[code].status} | ${catalogue[code].title} |`)
  .join("\n")}
`;

const errorPages = (): ReadonlyMap<string, string> =>
  new Map([
    ["README.md", indexPage()],
    ...errorCodes.map((code) => [`${code}.md`, codePage(code)] as const),
  ]);

const textOf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
};

/** What in a folder is not as the catalogue has it, each as `name: what is wrong`; empty if nothing. */
export const checkErrorPages = async (folder: string): Promise<string[]> => {
  const pages = errorPages();
  const complaints: string[] = [];
  for (const [name, page] of pages) {
    const text = await textOf(join(folder, name));
    if (text === undefined) complaints.push(`${name}: is missing`);
    else if (text !== page) complaints.push(`${name}: is not what the catalogue says`);
  }
  const present = await readdir(folder).catch(() => []);
  const stray = present.filter((name) => !pages.has(name)).sort();
  return [...complaints, ...stray.map((name) => `${name}: belongs to no error code`)];
};

/** Writes a page for every code and their index, and removes the pages of codes that are gone. */
export const writeErrorPages = async (folder: string): Promise<void> => {
  const pages = errorPages();
  await mkdir(folder, { recursive: true });
  for (const [name, page] of pages) await writeFile(join(folder, name), page);
  // Only what looks like a code's page: anything else may be somebody's work.
  const gone = (await readdir(folder)).filter(
    (name) => /^[A-Z_]+\.md$/.test(name) && !pages.has(name),
  );
  for (const name of gone) await rm(join(folder, name));
};

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../docs/errors");
  if (!process.argv.includes("--check")) await writeErrorPages(folder);
  const complaints = await checkErrorPages(folder);
  for (const complaint of complaints) console.error(`docs/errors/${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}
