import type { Tx } from "../../platform/sql.ts";

/** Who sends looks at once when it hears this; it polls as well. */
const channel = "fairlead_deliveries";

/** Makes a webhook's lane due, where it has something to send, and tells whoever sends. */
export const wakeLane = async (tx: Tx, webhookId: string): Promise<void> => {
  await tx`
    update fairlead.webhook_lanes
    set due_at = least(due_at, (
      select min(d.next_attempt_at) from fairlead.webhook_deliveries d
      where d.webhook_id = ${webhookId} and d.state = 'pending'
    ))
    where webhook_id = ${webhookId}`;
  await notifySenders(tx);
};

export const notifySenders = async (tx: Tx): Promise<void> => {
  await tx`select pg_notify(${channel}, '')`;
};
