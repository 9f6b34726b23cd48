import type { Page, PageInput } from "../../../src/platform/page.ts";

/** What all pages of a size hold together, and where each of them ended. */
export interface Pages<Item> {
  readonly items: Item[];
  readonly ends: { readonly last: Item | undefined; readonly position: unknown }[];
}

export const readPages = async <Item>(
  limit: number,
  read: (input: PageInput) => Promise<Page<Item>>,
): Promise<Pages<Item>> => {
  const pages: Pages<Item> = { items: [], ends: [] };
  let cursor: string | undefined;
  do {
    const page: Page<Item> = await read(cursor === undefined ? { limit } : { limit, cursor });
    pages.items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) continue;
    if (page.items.length !== limit) throw new Error("a page that is not the last is not full");
    pages.ends.push({ last: page.items.at(-1), position: positionOf(cursor) });
  } while (cursor !== undefined);
  return pages;
};

/** What anybody can read from a cursor. */
const positionOf = (cursor: string): unknown =>
  JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
