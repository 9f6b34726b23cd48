import { type Ctx, requireAnyPermission } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Tx } from "../../platform/sql.ts";
import { commitWebhookChange } from "../commit-webhook-change.ts";
import { writableWebhook } from "../require-webhook.ts";
import type { DeliveryState } from "./delivery.ts";
import { noDelivery } from "./get-delivery.ts";
import { lockLane } from "./lock-lane.ts";
import { wakeLane } from "./wake-lane.ts";

/** One delivery, or all that are kept from a revision or a time on. */
export type Redelivery =
  | { readonly deliveryId: string }
  | { readonly sinceRevision: number }
  | { readonly since: string };

interface Redelivered {
  readonly webhookId: string;
  readonly redelivered: number;
}

/**
 * Has deliveries sent again as if they were new, with the same ids and in the order of old. Those that
 * are being sent at this moment are left to that.
 *
 * @throws Problem `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for a single one that is being sent
 */
export const redeliver = async (
  ctx: Ctx,
  webhookId: string,
  which: Redelivery,
): Promise<Redelivered> => {
  requireAnyPermission(ctx, "webhooks.write");
  const { result } = await commitWebhookChange<Redelivered>(ctx, {
    action: "webhook.redeliver",
    apply: async (tx) => {
      await writableWebhook(ctx, tx, webhookId);
      await lockLane(tx, webhookId);
      if ("deliveryId" in which) await requireSettled(tx, webhookId, which.deliveryId);
      const redelivered = await renewedDeliveries(tx, webhookId, which);
      if (redelivered > 0) await wakeLane(tx, webhookId);
      const done = { webhookId, redelivered };
      return { result: done, detail: { ...done, ...which } };
    },
  });
  return result;
};

const requireSettled = async (tx: Tx, webhookId: string, deliveryId: string): Promise<void> => {
  const [row] = await tx<{ state: DeliveryState }[]>`
    select state from fairlead.webhook_deliveries
    where webhook_id = ${webhookId} and id = ${deliveryId} for no key update`;
  if (row === undefined) throw noDelivery(deliveryId);
  if (row.state === "sending") {
    throw new Problem("CONFLICT", `The delivery "${deliveryId}" is being sent at this moment.`);
  }
};

const renewedDeliveries = async (tx: Tx, webhookId: string, which: Redelivery): Promise<number> => {
  const condition =
    "deliveryId" in which
      ? tx`d.id = ${which.deliveryId}`
      : "since" in which
        ? tx`d.created_at >= ${which.since}::timestamptz`
        : tx`d.revision >= ${which.sinceRevision}`;
  const renewed = await tx`
    update fairlead.webhook_deliveries d
    set state = 'pending', attempts = 0, next_attempt_at = clock_timestamp(), ended_at = null
    where d.webhook_id = ${webhookId} and d.state <> 'sending' and ${condition}`;
  return renewed.count;
};
