import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { exitCodes } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import type { Profiles } from "./profiles.ts";
import { requireProfilesFile } from "./profiles-file.ts";
import { readProfiles } from "./read-profiles.ts";

const mostAttempts = 20;
const delayMs = 50;

const pause = (ms: number): Promise<void> =>
  new Promise((resume) => {
    setTimeout(resume, ms);
  });

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

/** The new file doubles as the lock: only one process can create it, and what it reads then is the newest. */
const openNew = async (io: Io, path: string): Promise<FileHandle> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open(path, "wx", 0o600);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") {
        throw usageFailure(`${path} cannot be written (${String(codeOf(error))}).`);
      }
      if (attempt === mostAttempts) {
        throw new Failure(exitCodes.failure, {
          title: "The profiles are being changed",
          detail: `${path} is there: another fairlead is writing the profiles, or was killed while it did. If none is running, remove that file.`,
          code: "PROFILES_BUSY",
        });
      }
      await (io.wait ?? pause)(delayMs);
    }
  }
};

const makeFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw usageFailure(`The folder ${folder} cannot be made (${String(codeOf(error))}).`);
  }
};

/**
 * Changes the stored profiles: the file is replaced as a whole or not at all, and of two changes at
 * the same time none is lost.
 * @throws Failure where the file cannot be read or written, or `change` refuses
 */
export const updateProfiles = async (
  io: Io,
  change: (profiles: Profiles) => Profiles,
): Promise<void> => {
  const path = requireProfilesFile(io);
  await makeFolder(dirname(path));
  const newPath = `${path}.new`;
  const handle = await openNew(io, newPath);
  try {
    const profiles = change(await readProfiles(io));
    await handle.writeFile(`${JSON.stringify(profiles, null, 2)}\n`);
    await handle.sync();
    await handle.close();
    await rename(newPath, path);
  } catch (error) {
    await handle.close();
    await rm(newPath, { force: true });
    throw error;
  }
};
