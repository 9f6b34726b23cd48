import { readdir, readFile } from "node:fs/promises";
import { join, posix, sep } from "node:path";

/** A source file; its path is relative to the repository and written with slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** A path in the repository where the import is relative, else the module's name. */
  readonly target: string;
  readonly isRelative: boolean;
  readonly isType: boolean;
}

const folders = ["src", "workers", "scripts", "test", "bench"];

const listFiles = async (root: string, folder: string): Promise<string[]> => {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
};

/** Every TypeScript file of the repository. */
export async function readSources(root: string): Promise<Source[]> {
  const paths = (await Promise.all(folders.map((folder) => listFiles(root, folder)))).flat();
  return Promise.all(
    paths.toSorted().map(async (path) => ({
      path: path.split(sep).join("/"),
      text: await readFile(join(root, path), "utf8"),
    })),
  );
}

// The formatter puts statements on lines of their own and ends them with a semicolon.
const fromStatement = /^[ \t]*(?:import|export)\b([^;"'`]*?)\bfrom\s*["']([^"'\n]+)["']/gm;
const bareStatement = /^[ \t]*import\s*["']([^"'\n]+)["']/gm;
const dynamicImport = /\bimport\(\s*["'`]([^"'`\n]+)["'`]/g;

const isTypeClause = (clause: string): boolean => {
  if (/^\s*type\b/.test(clause)) return true;
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1];
  if (names === undefined) return false;
  const listed = names.split(",").filter((name) => name.trim() !== "");
  return listed.length > 0 && listed.every((name) => /^\s*type\s/.test(name));
};

const toImport = (path: string, specifier: string, isType: boolean): Import => {
  const isRelative = specifier.startsWith(".");
  const target = isRelative ? posix.join(posix.dirname(path), specifier) : specifier;
  return { target, isRelative, isType };
};

/** What a file imports and re-exports, statically and by `import()`. */
export const importsOf = ({ path, text }: Source): Import[] => [
  ...Array.from(text.matchAll(fromStatement), ([, clause = "", specifier = ""]) =>
    toImport(path, specifier, isTypeClause(clause)),
  ),
  ...Array.from(text.matchAll(bareStatement), ([, specifier = ""]) =>
    toImport(path, specifier, false),
  ),
  ...Array.from(text.matchAll(dynamicImport), ([, specifier = ""]) =>
    toImport(path, specifier, false),
  ),
];

/** The text without lines that are only comment. */
export const codeOf = ({ text }: Source): string => text.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");

export const isTest = (path: string): boolean => path.endsWith(".test.ts");
