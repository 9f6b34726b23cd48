import { type Ctx, requireAnyPermission } from "../context.ts";
import type { Tx } from "../platform/sql.ts";
import { commitWebhookChange } from "./commit-webhook-change.ts";
import { lockLane } from "./deliveries/lock-lane.ts";
import { writableWebhook } from "./require-webhook.ts";
import { toJson, toWebhook } from "./webhook.ts";

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
      await lockLane(tx, id);
      const deliveries = await deletedDeliveries(tx, id);
      await tx`delete from fairlead.webhook_lanes where webhook_id = ${id}`;
      await tx`delete from fairlead.webhooks where id = ${id}`;
      return { result: {}, detail: { before: toJson(toWebhook(row)), deliveries } };
    },
  });
};

const deletedDeliveries = async (tx: Tx, id: string): Promise<number> => {
  const deleted = await tx`delete from fairlead.webhook_deliveries where webhook_id = ${id}`;
  return deleted.count;
};
