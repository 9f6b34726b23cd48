import { type Ctx, requireAnyPermission } from "../../context.ts";
import { Problem } from "../../errors.ts";
import { visibleWebhook } from "../require-webhook.ts";
import {
  type Delivery,
  type DeliveryRow,
  deliveryColumns,
  maySeeContent,
  toDelivery,
} from "./delivery.ts";

interface DeliveryName {
  readonly webhookId: string;
  readonly deliveryId: string;
}

interface DeliveryDetails extends Delivery {
  readonly contentType: string;
  /** Null where the reader may not read all that it is about. */
  readonly body: string | null;
}

/** @throws Problem `NOT_FOUND`, also for a delivery of a webhook that the actor may not see */
export const getDelivery = async (ctx: Ctx, name: DeliveryName): Promise<DeliveryDetails> => {
  requireAnyPermission(ctx, "webhooks.read");
  const webhook = await visibleWebhook(ctx, ctx.sql, name.webhookId);
  const row = await detailedRow(ctx, name);
  if (row === undefined) throw noDelivery(name.deliveryId);
  const { body, contentType, ...rest } = row;
  const seesContent = maySeeContent(ctx, webhook, row);
  return { ...toDelivery(rest, seesContent), contentType, body: seesContent ? body : null };
};

export const noDelivery = (id: string): Problem =>
  new Problem("NOT_FOUND", `There is no delivery of this webhook with the id "${id}".`);

const detailedRow = async (
  { sql }: Ctx,
  { deliveryId, webhookId }: DeliveryName,
): Promise<(DeliveryRow & { body: string; contentType: string }) | undefined> => {
  const [row] = await sql<(DeliveryRow & { body: string; contentType: string })[]>`
    select ${deliveryColumns(sql)}, d.body, d.content_type as "contentType"
    from fairlead.webhook_deliveries d
    where d.webhook_id = ${webhookId} and d.id = ${deliveryId}`;
  return row;
};
