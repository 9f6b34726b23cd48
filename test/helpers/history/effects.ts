import { readFile } from "node:fs/promises";
import { join } from "node:path";

const linesOf = async (folder: string, name: string): Promise<string[]> => {
  const text = await readFile(join(folder, name), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
};

/** The revisions that the event consumer has taken, in order. */
export const readEvents = async (folder: string): Promise<number[]> =>
  (await linesOf(folder, "events")).map(Number);

/** Up to where the copy is: what a holder writes whose time is over does not count. */
export const readCopy = async (folder: string): Promise<number> => {
  let [newestFence, revision] = [0, 0];
  for (const line of await linesOf(folder, "copy")) {
    const [fence = 0, at = 0] = line.split(" ").map(Number);
    if (fence >= newestFence) [newestFence, revision] = [fence, at];
  }
  return revision;
};
