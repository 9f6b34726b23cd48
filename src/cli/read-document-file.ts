import { readFile, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { decodeText } from "../platform/documents/decode-text.ts";
import { parseJson } from "../platform/documents/parse-json.ts";
import { parseYaml } from "../platform/documents/parse-yaml.ts";
import type { Json } from "../platform/json.ts";
import { asFailure, Failure, usageFailure } from "./failure.ts";

const mebibyte = 1024 * 1024;
const longestFileMebibytes = 64;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be read",
  EISDIR: "is a directory",
};

/** Why a path cannot be used, as wrong usage. */
export const unreadable = (path: string, error: unknown): Failure => {
  if (error instanceof Failure) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return usageFailure(`${path} ${reasons[code] ?? `cannot be read (${code})`}.`);
};

const readBytes = async (cwd: string, path: string): Promise<Uint8Array> => {
  try {
    const file = resolve(cwd, path);
    const { size } = await stat(file);
    if (size > longestFileMebibytes * mebibyte) {
      throw usageFailure(`${path} is larger than ${longestFileMebibytes} MiB.`);
    }
    return await readFile(file);
  } catch (error) {
    throw unreadable(path, error);
  }
};

/**
 * The documents of a file: one for `.json`, any number for every other name, read as YAML.
 * @param path as the user wrote it, relative to `cwd`; messages name it so
 */
export const readDocumentFile = async (cwd: string, path: string): Promise<Json[]> => {
  const bytes = await readBytes(cwd, path);
  try {
    const text = decodeText(bytes);
    const isJson = extname(path).toLowerCase() === ".json";
    return isJson ? [parseJson(text)] : parseYaml(text);
  } catch (error) {
    throw asFailure(error, path);
  }
};
