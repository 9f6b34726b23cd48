import { randomUUID } from "node:crypto";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { commitWebhookChange } from "./commit-webhook-change.ts";
import { enqueueEvent } from "./deliveries/enqueue-event.ts";
import { testEvent } from "./event-types.ts";
import { requireLiveOwner } from "./owner.ts";
import { writableWebhook } from "./require-webhook.ts";

export interface SentTest {
  readonly deliveryId: string;
  readonly eventId: string;
}

/**
 * Sends a webhook an event that means nothing, whatever its patterns.
 *
 * @throws Problem `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for one that is disabled
 */
export const sendTestEvent = async (ctx: Ctx, id: string): Promise<SentTest> => {
  requireAnyPermission(ctx, "webhooks.write");
  const eventId = `test-${randomUUID()}`;
  const { result } = await commitWebhookChange<SentTest>(ctx, {
    action: "webhook.test",
    apply: async (tx, now) => {
      const webhook = await writableWebhook(ctx, tx, id);
      if (!webhook.enabled)
        throw new Problem("CONFLICT", "The webhook is disabled: enable it first.");
      await requireLiveOwner(tx, webhook);
      const data = { webhookId: id, sentBy: ctx.actor.id };
      const [deliveryId = ""] = await enqueueEvent(tx, {
        id: eventId,
        type: testEvent,
        source: "/fairlead",
        time: now,
        revision: null,
        webhookId: id,
        contentFor: () => ({ data, entries: [] }),
      });
      return { result: { deliveryId, eventId }, detail: { webhookId: id, deliveryId } };
    },
  });
  return result;
};
