import { type FileHandle, open } from "node:fs/promises";
import { decodeText } from "../../platform/documents/decode-text.ts";
import { asFailure, usageFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { unreadable } from "../read-document-file.ts";
import { type Profiles, parseProfiles } from "./profiles.ts";
import { profilesFile } from "./profiles-file.ts";

const longestFileBytes = 1024 * 1024;

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;

/** Looks at the file that is open, so that nobody can put another one in its place in between. */
const readPrivately = async (handle: FileHandle, path: string): Promise<Uint8Array> => {
  const { mode, size } = await handle.stat();
  // Windows has no such modes: there the user's own folder protects the file.
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, "0");
    throw usageFailure(
      `${path} holds API keys and is open to other users (mode ${shown}). Run: chmod 600 ${quoted(path)}`,
    );
  }
  if (size > longestFileBytes) throw usageFailure(`${path} is larger than 1 MiB.`);
  return handle.readFile();
};

const readText = async (path: string): Promise<string | undefined> => {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    return decodeText(await readPrivately(handle, path));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error instanceof Error && "syscall" in error
      ? unreadable(path, error)
      : asFailure(error, path);
  } finally {
    await handle?.close();
  }
};

/**
 * The profiles of this user; none where there is no file.
 * @throws Failure where the file is damaged, or others may read it
 */
export const readProfiles = async (io: Io): Promise<Profiles> => {
  const path = profilesFile(io);
  const text = path === undefined ? undefined : await readText(path);
  return path === undefined || text === undefined ? { profiles: [] } : parseProfiles(text, path);
};
