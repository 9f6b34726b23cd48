import { readdir, stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { scopeNamePattern } from "../../platform/names.ts";
import { refusal, usageFailure } from "../failure.ts";
import { unreadable } from "../read-document-file.ts";
import type { Scope } from "../scope.ts";

/** A file to apply, and the scope of its documents that no profile selects. */
export interface Source extends Scope {
  /** As the user would write it. */
  readonly path: string;
}

export interface Sources {
  readonly sources: readonly Source[];
  readonly remarks: readonly string[];
}

const extensions: ReadonlySet<string> = new Set([".yml", ".yaml", ".json"]);
const sharedName = "application";

const stemOf = (path: string): string => basename(path, extname(path));

const isDirectory = async (cwd: string, path: string): Promise<boolean> => {
  try {
    return (await stat(resolve(cwd, path))).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
};

const skipped = (path: string, isFolder: boolean): string =>
  isFolder
    ? `note: ${path} was not read: folders inside a folder are left out`
    : `note: ${path} was not read: it is neither YAML nor JSON by its name`;

/** `orders-docker.yml` beside `orders.yml` is likely a profile's file, which only its author can tell. */
const profileRemarks = (paths: readonly string[]): string[] => {
  const stems = new Set([sharedName, ...paths.map(stemOf)]);
  return paths.flatMap((path) => {
    const stem = stemOf(path);
    const base = [...stems].find((other) => stem.startsWith(`${other}-`));
    if (base === undefined) return [];
    const app = base === sharedName ? "" : ` --app ${base}`;
    const advice = `If it is ${base}'s file for a profile, apply it by itself with${app} --environment`;
    return [`note: ${path} is taken for the app ${stem}. ${advice}`];
  });
};

const checkApp = (path: string): void => {
  if (!scopeNamePattern.test(stemOf(path))) {
    throw refusal(path, `"${stemOf(path)}" is no name for an app; rename the file or take it out.`);
  }
};

/** A folder in the layout of Spring Cloud Config: `application.*` is for all apps, any other file for its app. */
const fromDirectory = async (
  cwd: string,
  path: string,
  environment: string | undefined,
): Promise<Sources> => {
  const entries = (await readdir(resolve(cwd, path), { withFileTypes: true }))
    .filter(({ name }) => !name.startsWith("."))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  const found: string[] = [];
  const remarks: string[] = [];
  for (const { name } of entries) {
    const file = join(path, name);
    const isFolder = await isDirectory(cwd, file);
    if (!isFolder && extensions.has(extname(name).toLowerCase())) found.push(file);
    else remarks.push(skipped(file, isFolder));
  }
  if (found.length === 0) throw usageFailure(`${path} holds no .yml, .yaml or .json file.`);
  for (const file of found) checkApp(file);
  // The shared file first, so that the summary begins with the global layer.
  const shared = found.filter((file) => stemOf(file) === sharedName);
  const ofApps = found.filter((file) => stemOf(file) !== sharedName);
  return {
    sources: [
      ...shared.map((file) => ({ path: file, environment })),
      ...ofApps.map((file) => ({ path: file, app: stemOf(file), environment })),
    ],
    remarks: [...remarks, ...profileRemarks(ofApps)],
  };
};

/**
 * The files that the paths stand for: a file is itself, in the scope given; a folder is its YAML and
 * JSON files, each for the app that it is named after.
 */
export const collectSources = async (
  cwd: string,
  paths: readonly string[],
  { app, environment }: { readonly app?: string; readonly environment?: string },
): Promise<Sources> => {
  const sources: Source[] = [];
  const remarks: string[] = [];
  for (const path of paths) {
    if (!(await isDirectory(cwd, path))) {
      sources.push({ path, app, environment });
      continue;
    }
    if (app !== undefined) {
      throw usageFailure(`${path} is a folder, whose files name the apps: leave --app out.`);
    }
    const folder = await fromDirectory(cwd, path, environment);
    sources.push(...folder.sources);
    remarks.push(...folder.remarks);
  }
  return { sources, remarks };
};
