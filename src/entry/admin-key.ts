import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "../access/store/key-text.ts";

export interface AdminKey {
  readonly key: string;
  /** Where it was written, if this start made it. */
  readonly createdIn?: string;
}

/**
 * The first administrator's key: what the operator set, else what an earlier start kept in the data
 * directory, else a new one of 256 random bits that is kept there for its owner alone to read.
 */
export const findAdminKey = async (
  dataDir: string,
  bootstrapKey: string | undefined,
): Promise<AdminKey> => {
  if (bootstrapKey !== undefined) return { key: bootstrapKey };
  const path = join(dataDir, "admin.key");
  const kept = await readKept(path);
  if (kept !== undefined) return { key: kept };
  const { text: key } = generateKey();
  await mkdir(dataDir, { recursive: true });
  try {
    await writeFile(path, `${key}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    // Another process that starts at the same time was first: its key is the key.
    const others = await readKept(path);
    if (others === undefined) throw error;
    return { key: others };
  }
  return { key, createdIn: path };
};

/** A key that this start has made is shown this once. */
export const tellNewKey = ({ createdIn, key }: AdminKey): void => {
  if (createdIn === undefined) return;
  console.log(`\nThe administrator's key, shown this once and kept in ${createdIn}:\n  ${key}\n`);
};

const readKept = async (path: string): Promise<string | undefined> => {
  try {
    const key = (await readFile(path, "utf8")).trim();
    return key === "" ? undefined : key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};
