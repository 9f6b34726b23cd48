import { z } from "zod";
import { readVisiblePage } from "../../changes/read-visible-page.ts";
import { type Ctx, requireAnyPermission } from "../../context.ts";
import { timeParameter } from "../../http/common-shapes.ts";
import { decodeCursor, type Page, type PageInput } from "../../platform/page.ts";
import { readRoleActions } from "../commit-access-change.ts";
import { type ApiKey, type KeyRow, type KeyState, keyColumns, toApiKey } from "./api-key.ts";
import { managesKey } from "./manages-key.ts";

export interface ListKeysInput extends PageInput {
  readonly state: KeyState | "all";
}

const position = z.tuple([timeParameter, z.string()]);
type Position = z.output<typeof position>;

/** API keys, newest first: those that the actor could have made, and their own. */
export const listApiKeys = async (ctx: Ctx, input: ListKeysInput): Promise<Page<ApiKey>> => {
  requireAnyPermission(ctx, "access.read");
  const roleActions = await readRoleActions(ctx.sql);
  const page = await readVisiblePage<KeyRow, Position>({
    limit: input.limit,
    start: decodeCursor(input.cursor, position),
    positionOf: ({ createdAt, id }) => [createdAt, id],
    read: (start, count) => keyRows(ctx, input.state, start, count),
    isVisible: (row) => managesKey(ctx, row, roleActions),
  });
  return { ...page, items: page.items.map(toApiKey) };
};

const keyRows = (
  { sql }: Ctx,
  state: ListKeysInput["state"],
  start: Position | undefined,
  count: number,
) => sql<KeyRow[]>`
  select * from (select ${keyColumns(sql)} from fairlead.api_keys k) k
  where ${state} in ('all', k.state)
    ${start === undefined ? sql`` : sql`and (k."createdAt", k.id) < (${start[0]}::timestamptz, ${start[1]})`}
  order by k."createdAt" desc, k.id desc
  limit ${count}`;
