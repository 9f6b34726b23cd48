import type { Tx } from "../../platform/sql.ts";
import { enqueueEvents } from "./enqueue-events.ts";
import type { WebhookEvent } from "./webhook-event.ts";

/**
 * Writes what webhooks are owed of an event, in the transaction of whatever makes it.
 *
 * @returns the ids of the deliveries
 */
export const enqueueEvent = (tx: Tx, event: WebhookEvent): Promise<readonly string[]> =>
  enqueueEvents(tx, [event]);
