import { z } from "zod";
import { readVisiblePage } from "../changes/read-visible-page.ts";
import type { Ctx } from "../context.ts";
import { decodeCursor, type Page, type PageInput } from "../platform/page.ts";

export interface Environment {
  readonly name: string;
  readonly rank: number;
  readonly protected: boolean;
  readonly createdAt: string;
}

/**
 * The environments that the reader may read something of, by rank, then name: the order in which a
 * change travels.
 */
export const listEnvironments = async (ctx: Ctx, input: PageInput): Promise<Page<Environment>> => {
  return readVisiblePage({
    limit: input.limit,
    start: decodeCursor(input.cursor, z.tuple([z.int(), z.string()])),
    positionOf: ({ name, rank }): [number, string] => [rank, name],
    read: (from, count) => environmentRows(ctx, from, count),
    isVisible: ({ name }) => ctx.permissions.seesEnvironment(name),
  });
};

const environmentRows = (
  { sql }: Ctx,
  start: readonly [number, string] | undefined,
  count: number,
) => sql<Environment[]>`
  select name, rank, protected, created_at as "createdAt"
  from fairlead.environments
  ${start === undefined ? sql`` : sql`where (rank, name) > (${start[0]}::integer, ${start[1]})`}
  order by rank, name
  limit ${count}`;
