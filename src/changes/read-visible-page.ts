import { type Page, pageFrom } from "../platform/page.ts";

interface VisiblePage<Row, Position> {
  readonly limit: number;
  /** Where the page begins; undefined at the beginning. */
  readonly start: Position | undefined;
  readonly positionOf: (row: Row) => Position;
  readonly read: (start: Position | undefined, count: number) => Promise<readonly Row[]>;
  readonly isVisible: (row: Row) => boolean;
}

const mostRows = 2_000;

/**
 * A page of what a reader may see. Rows are read on until the page is full or there are no more, so
 * what is hidden shows neither in a page's length nor in its cursor.
 */
export const readVisiblePage = async <Row, Position>(
  query: VisiblePage<Row, Position>,
): Promise<Page<Row>> => {
  const { isVisible, limit, positionOf, read } = query;
  const items: Row[] = [];
  let { start } = query;
  let count = limit + 1;
  for (;;) {
    const rows = await read(start, count);
    items.push(...rows.filter(isVisible));
    const last = rows.at(-1);
    if (items.length > limit || rows.length < count || last === undefined) {
      return pageFrom(items, limit, positionOf);
    }
    start = positionOf(last);
    count = Math.min(count * 2, mostRows);
  }
};
