import { z } from "zod";
import { type Ctx, requirePermission } from "../context.ts";
import { decodeCursor, type Page, type PageInput, pageFrom } from "../platform/page.ts";

export interface App {
  readonly name: string;
  readonly createdAt: string;
}

/** Apps by name. */
export const listApps = async (ctx: Ctx, input: PageInput): Promise<Page<App>> => {
  requirePermission(ctx, "catalogue.read");
  const rows = await appRows(ctx, input, decodeCursor(input.cursor, z.string()));
  return pageFrom(rows, input.limit, ({ name }) => name);
};

const appRows = ({ sql }: Ctx, { limit }: PageInput, start: string | undefined) => sql<App[]>`
  select name, created_at as "createdAt"
  from fairlead.apps
  ${start === undefined ? sql`` : sql`where name > ${start}`}
  order by name
  limit ${limit + 1}`;
