import { createHash, randomUUID } from "node:crypto";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Something else wrote to it, or it was never written to its end. */
export class DamagedFile extends Error {}

/** What is handed to the file at one time; between two of them others get their turn. */
const chunkLength = 256 * 1024;
const leftoverMs = 3_600_000;

/**
 * Writes a file of one JSON value a line, for its owner alone to read, and last the SHA-256 of all
 * before it. Whoever reads the path meanwhile, or after a crash, finds the file before or this one.
 */
export const writeSealedLines = async (path: string, lines: Iterable<unknown>): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await writeLines(file, lines);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

const writeLines = async (file: FileHandle, lines: Iterable<unknown>): Promise<void> => {
  const hash = createHash("sha256");
  let chunk = "";
  const flush = async (): Promise<void> => {
    hash.update(chunk);
    await file.writeFile(chunk);
    chunk = "";
  };
  for (const line of lines) {
    chunk += `${JSON.stringify(line)}\n`;
    if (chunk.length >= chunkLength) await flush();
  }
  await flush();
  await file.writeFile(`${hash.digest("hex")}\n`);
};

/**
 * The lines of such a file; undefined where there is none.
 *
 * @throws DamagedFile
 */
export const readSealedLines = async (path: string): Promise<unknown[] | undefined> => {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const body = text.slice(0, end);
  const seal = createHash("sha256").update(body).digest("hex");
  if (text.slice(end) !== `${seal}\n`) throw new DamagedFile(`${path} is damaged`);
  return body
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
};

/** Removes what a crash in the middle of a write has left in a folder, a while ago. */
export const removeLeftovers = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, basename(name));
    if (!name.endsWith(".tmp")) continue;
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > leftoverMs) await rm(path, { force: true });
  }
};
