import type { Tx } from "../../platform/sql.ts";

/**
 * Locks a webhook's lane until the transaction ends. Whoever writes a webhook's deliveries does so first:
 * then nobody waits for rows in another order, and nothing is written for a webhook that is gone.
 */
export const lockLane = async (tx: Tx, webhookId: string): Promise<void> => {
  await tx`
    select from fairlead.webhook_lanes where webhook_id = ${webhookId} for no key update`;
};
