import { z } from "zod";
import { readVisiblePage } from "../changes/read-visible-page.ts";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { timeParameter } from "../http/common-shapes.ts";
import { decodeCursor, type Page, type PageInput } from "../platform/page.ts";
import { resourceOf, toWebhook, type Webhook, type WebhookRow, webhookColumns } from "./webhook.ts";

const position = z.tuple([timeParameter, z.uuid()]);
type Position = z.output<typeof position>;

/** The webhooks of apps and environments that the actor may see those of, newest first. */
export const listWebhooks = async (ctx: Ctx, input: PageInput): Promise<Page<Webhook>> => {
  requireAnyPermission(ctx, "webhooks.read");
  const page = await readVisiblePage<WebhookRow, Position>({
    limit: input.limit,
    start: decodeCursor(input.cursor, position),
    positionOf: ({ createdAt, id }) => [createdAt, id],
    read: (start, count) => webhookRows(ctx, start, count),
    isVisible: (row) => ctx.permissions.may("webhooks.read", resourceOf(row)),
  });
  return { ...page, items: page.items.map(toWebhook) };
};

const webhookRows = ({ sql }: Ctx, start: Position | undefined, count: number) => sql<WebhookRow[]>`
  select ${webhookColumns(sql)} from fairlead.webhooks w
  ${start === undefined ? sql`` : sql`where (w.created_at, w.id) < (${start[0]}::timestamptz, ${start[1]}::uuid)`}
  order by w.created_at desc, w.id desc
  limit ${count}`;
