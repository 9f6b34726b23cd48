import { type Ctx, requireAnyPermission } from "../context.ts";
import { describeError } from "../platform/log.ts";
import type { Tx } from "../platform/sql.ts";
import { commitWebhookChange } from "./commit-webhook-change.ts";
import { deleteDeliveries } from "./deliveries/delete-deliveries.ts";
import { lockLane } from "./deliveries/lock-lane.ts";
import { notifySenders } from "./deliveries/wake-lane.ts";
import { writableWebhook } from "./require-webhook.ts";
import { toJson, toWebhook } from "./webhook.ts";

/** Of deliveries, for which the answer waits; the rest is left to `expireDeliveriesOnce`. */
const batchesAtOnce = 10;

/**
 * Deletes a webhook with what it is still owed. A delivery that is under way may yet arrive.
 *
 * @throws Problem `NOT_FOUND`, `FORBIDDEN`
 */
export const deleteWebhook = async (ctx: Ctx, id: string): Promise<void> => {
  requireAnyPermission(ctx, "webhooks.write");
  await commitWebhookChange(ctx, {
    action: "webhook.delete",
    apply: async (tx) => {
      const row = await writableWebhook(ctx, tx, id);
      await deleteWithLane(tx, id);
      return { result: {}, detail: { before: toJson(toWebhook(row)) } };
    },
  });
  try {
    // There may be many, and no change set is committed before the transaction above has ended.
    await deleteDeliveries(ctx.sql, id, batchesAtOnce);
  } catch (error) {
    ctx.log.warn("could not delete all deliveries of a deleted webhook yet", {
      webhookId: id,
      ...describeError(error),
    });
  }
};

/** Without its lane nothing is begun or written for it any more. */
const deleteWithLane = async (tx: Tx, id: string): Promise<void> => {
  await lockLane(tx, id);
  await tx`delete from fairlead.webhook_lanes where webhook_id = ${id}`;
  await tx`delete from fairlead.webhooks where id = ${id}`;
  await notifySenders(tx);
};
