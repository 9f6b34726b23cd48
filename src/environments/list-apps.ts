import { z } from "zod";
import { readVisiblePage } from "../changes/read-visible-page.ts";
import type { Ctx } from "../context.ts";
import { decodeCursor, type Page, type PageInput } from "../platform/page.ts";

export interface App {
  readonly name: string;
  readonly createdAt: string;
}

/** The apps that the reader may read something of, by name. */
export const listApps = async (ctx: Ctx, input: PageInput): Promise<Page<App>> => {
  return readVisiblePage({
    limit: input.limit,
    start: decodeCursor(input.cursor, z.string()),
    positionOf: ({ name }) => name,
    read: (from, count) => appRows(ctx, from, count),
    isVisible: ({ name }) => ctx.permissions.seesApp(name),
  });
};

const appRows = ({ sql }: Ctx, start: string | undefined, count: number) => sql<App[]>`
  select name, created_at as "createdAt"
  from fairlead.apps
  ${start === undefined ? sql`` : sql`where name > ${start}`}
  order by name
  limit ${count}`;
