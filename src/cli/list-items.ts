import { type ZodType, z } from "zod";
import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { type Query, sendRequest } from "./send-request.ts";
import type { Session } from "./session.ts";

export interface Listing<Item> {
  readonly items: readonly Item[];
  /** Whether the list goes on after `items`. */
  readonly more: boolean;
}

export interface ListRequest<Item> {
  readonly path: string;
  readonly query?: Query;
  readonly item: ZodType<Item>;
  /** Most items wanted; all of them without it. */
  readonly limit?: number;
  /** Called after each page with the number of items so far. */
  readonly onPage?: (count: number) => void;
}

const longestPage = 500;

/** Follows the pages of a list until its end or `limit`. */
export const listItems = async <Item>(
  session: Session,
  { path, query, item, limit = Number.POSITIVE_INFINITY, onPage }: ListRequest<Item>,
): Promise<Listing<Item>> => {
  const shape = z.looseObject({ items: z.array(item), nextCursor: z.string().nullish() });
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const pageSize = Math.min(longestPage, limit - items.length);
    const answer = await sendRequest(session, {
      path,
      query: { ...query, limit: pageSize, cursor },
      shape,
    });
    items.push(...answer.body.items);
    onPage?.(items.length);
    const next = answer.body.nextCursor ?? undefined;
    if (next !== undefined && next === cursor) {
      const detail = `The list at /${path} does not move on from one page to the next.`;
      throw new Failure(exitCodes.failure, { title: "Unexpected answer", detail });
    }
    cursor = next;
  } while (cursor !== undefined && items.length < limit);
  return { items: items.slice(0, limit), more: cursor !== undefined };
};
