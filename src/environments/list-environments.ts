import { z } from "zod";
import { type Ctx, requirePermission } from "../context.ts";
import { decodeCursor, type Page, type PageInput, pageFrom } from "../platform/page.ts";

export interface Environment {
  readonly name: string;
  readonly rank: number;
  readonly protected: boolean;
  readonly createdAt: string;
}

/** Environments by rank, then name: the order in which a change travels. */
export const listEnvironments = async (ctx: Ctx, input: PageInput): Promise<Page<Environment>> => {
  requirePermission(ctx, "catalogue.read");
  const start = decodeCursor(input.cursor, z.tuple([z.int(), z.string()]));
  const rows = await environmentRows(ctx, input, start);
  return pageFrom(rows, input.limit, ({ name, rank }) => [rank, name]);
};

const environmentRows = (
  { sql }: Ctx,
  { limit }: PageInput,
  start: readonly [number, string] | undefined,
) => sql<Environment[]>`
  select name, rank, protected, created_at as "createdAt"
  from fairlead.environments
  ${start === undefined ? sql`` : sql`where (rank, name) > (${start[0]}::integer, ${start[1]})`}
  order by rank, name
  limit ${limit + 1}`;
