import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A fenced block of a Markdown page: its language, its text, and the line that it begins in. */
export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

export const root = join(import.meta.dirname, "../..");

export const readPage = (path: string): Promise<string> => readFile(join(root, path), "utf8");

export const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ({ 1: language = "", 2: text = "", index }) => ({
      language,
      text: text.trimEnd(),
      line: page.slice(0, index).split("\n").length,
    }),
  );

const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");

const fits = (written: string, found: string): boolean =>
  new RegExp(`^${written.split("…").map(escape).join(".*")}$`, "s").test(found);

/**
 * What was found, with `…` wherever the page has it and it fits: for a piece of a text, for a whole
 * value, as the last item of a list for "and others", as a member for "and other members". So it
 * equals what is written if the page is right, and differs legibly if it is not.
 */
export const elide = (found: unknown, written: unknown): unknown => {
  if (typeof written === "string") {
    if (written === "…") return found === undefined ? found : written;
    return typeof found === "string" && fits(written, found) ? written : found;
  }
  if (Array.isArray(written) && Array.isArray(found)) return elideItems(found, written);
  if (isRecord(written) && isRecord(found)) return elideMembers(found, written);
  return found;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const elideItems = (found: unknown[], written: unknown[]): unknown[] => {
  const isCut = written.at(-1) === "…" && found.length >= written.length;
  const shown = isCut ? found.slice(0, written.length - 1) : found;
  const items = shown.map((item, index) => elide(item, written[index]));
  return isCut ? [...items, "…"] : items;
};

const elideMembers = (
  found: Record<string, unknown>,
  written: Record<string, unknown>,
): Record<string, unknown> => {
  const isCut = "…" in written;
  const members = Object.entries(found)
    .filter(([name]) => !isCut || name in written)
    .map(([name, value]) => [name, elide(value, written[name])]);
  return Object.fromEntries(isCut ? [...members, ["…", written["…"]]] : members);
};
