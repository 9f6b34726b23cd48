import { z } from "zod";
import { type Ctx, requireAnyPermission } from "../../context.ts";
import { decodeCursor, type Page, type PageInput, pageFrom } from "../../platform/page.ts";
import { visibleWebhook } from "../require-webhook.ts";
import {
  type Delivery,
  type DeliveryRow,
  type DeliveryState,
  deliveryColumns,
  maySeeContent,
  toDelivery,
} from "./delivery.ts";

interface ListDeliveriesInput extends PageInput {
  readonly webhookId: string;
  readonly state?: DeliveryState | undefined;
  readonly eventType?: string | undefined;
  /** A time: those that were made then or later. */
  readonly since?: string | undefined;
}

/**
 * What a webhook was and is to be sent, newest first.
 *
 * @throws Problem `NOT_FOUND` for a webhook that the actor may not see
 */
export const listDeliveries = async (
  ctx: Ctx,
  input: ListDeliveriesInput,
): Promise<Page<Delivery>> => {
  requireAnyPermission(ctx, "webhooks.read");
  const webhook = await visibleWebhook(ctx, ctx.sql, input.webhookId);
  const start = decodeCursor(input.cursor, z.int().positive());
  const rows = await deliveryRows(ctx, input, start);
  const page = pageFrom(rows, input.limit, ({ sequence }) => sequence);
  const shown = page.items.map((row) => toDelivery(row, maySeeContent(ctx, webhook, row)));
  return { ...page, items: shown };
};

const deliveryRows = (
  { sql }: Ctx,
  { eventType, limit, since, state, webhookId }: ListDeliveriesInput,
  start: number | undefined,
) => sql<DeliveryRow[]>`
  select ${deliveryColumns(sql)}
  from fairlead.webhook_deliveries d
  where d.webhook_id = ${webhookId}
    ${state === undefined ? sql`` : sql`and d.state = ${state}`}
    ${eventType === undefined ? sql`` : sql`and d.event_type = ${eventType}`}
    ${since === undefined ? sql`` : sql`and d.created_at >= ${since}::timestamptz`}
    ${start === undefined ? sql`` : sql`and d.sequence < ${start}`}
  order by d.sequence desc
  limit ${limit + 1}`;
