import { type Ctx, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import { resourceOf, type WebhookRow, webhookColumns } from "./webhook.ts";

/**
 * A webhook that the actor may see.
 *
 * @throws Problem `NOT_FOUND`, the same for one that is not there and one that they may not see
 */
export const visibleWebhook = async (ctx: Ctx, sql: Sql | Tx, id: string): Promise<WebhookRow> => {
  const row = await webhookRow(sql, id);
  const isRefusal = row !== undefined && !ctx.permissions.may("webhooks.read", resourceOf(row));
  if (row !== undefined && !isRefusal) return row;
  throw new Problem("NOT_FOUND", `There is no webhook with the id "${id}".`, { isRefusal });
};

/**
 * A webhook that the actor may change.
 *
 * @throws Problem `NOT_FOUND` as above, `FORBIDDEN` where they may see it and no more
 */
export const writableWebhook = async (ctx: Ctx, sql: Sql | Tx, id: string): Promise<WebhookRow> => {
  const row = await visibleWebhook(ctx, sql, id);
  requirePermission(ctx, "webhooks.write", resourceOf(row));
  return row;
};

const webhookRow = async (sql: Sql | Tx, id: string): Promise<WebhookRow | undefined> => {
  const [row] = await sql<WebhookRow[]>`
    select ${webhookColumns(sql)} from fairlead.webhooks w where w.id = ${id}`;
  return row;
};
