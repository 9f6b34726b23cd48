import type { Tx } from "../../platform/sql.ts";

/**
 * Locks a webhook's lane until the transaction ends. Whoever writes a webhook's deliveries does so first:
 * then nobody waits for rows in another order, and nothing is written for a webhook that is gone.
 *
 * The order of all locks here: the revision counter (`commitWebhookChange`, `disableWebhook`), then
 * lanes by their ids (`enqueueEvents` and the statements of whoever sends), then deliveries. A
 * transaction that holds a lane never asks for the counter. Every commit waits for who holds the counter,
 * and events of all webhooks for who holds a lane: so what writes many rows does it without the former,
 * and in batches, each in a transaction of its own.
 *
 * @returns whether there is one: not where the webhook was deleted
 */
export const lockLane = async (tx: Tx, webhookId: string): Promise<boolean> => {
  const lanes = await tx`
    select from fairlead.webhook_lanes where webhook_id = ${webhookId} for no key update`;
  return lanes.count > 0;
};
