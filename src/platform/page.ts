import type { z } from "zod";
import { invalidInput } from "../errors.ts";

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/** What a list verb is asked for. */
export interface PageInput {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const encodeCursor = (position: unknown): string => {
  const bytes = new TextEncoder().encode(JSON.stringify(position));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
};

/**
 * The position that a cursor stands for; undefined for the first page.
 *
 * @throws Problem `INVALID_INPUT` for anything but a cursor of this list
 */
export const decodeCursor = <Schema extends z.ZodType>(
  cursor: string | undefined,
  schema: Schema,
): z.output<Schema> | undefined => {
  if (cursor === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(
      atob(cursor.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    // PostgreSQL takes no U+0000, and no list has a position with one.
    if (text.includes("\\u0000")) throw new Error("U+0000 in a cursor");
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const problem = invalidInput("cursor", "is not a cursor of this list");
    problem.cause = error;
    throw problem;
  }
};

/** Cuts a page from rows that were read one past the limit, so that the end is known. */
export const pageFrom = <Item>(
  rows: readonly Item[],
  limit: number,
  positionOf: (item: Item) => unknown,
): Page<Item> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, nextCursor: encodeCursor(positionOf(last)) };
};
