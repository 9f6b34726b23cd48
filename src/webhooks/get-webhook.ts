import { type Ctx, requireAnyPermission } from "../context.ts";
import { entityTag } from "../platform/entity-tag.ts";
import { visibleWebhook } from "./require-webhook.ts";
import { toWebhook, type Webhook, type WebhookRow } from "./webhook.ts";

/** A webhook with the entity tag of its version. */
export interface TaggedWebhook {
  readonly webhook: Webhook;
  readonly tag: string;
}

/** @throws Problem `NOT_FOUND`, also for a webhook that the actor may not see */
export const getWebhook = async (ctx: Ctx, id: string): Promise<TaggedWebhook> => {
  requireAnyPermission(ctx, "webhooks.read");
  return toTagged(await visibleWebhook(ctx, ctx.sql, id));
};

export const toTagged = (row: WebhookRow): TaggedWebhook => ({
  webhook: toWebhook(row),
  tag: tagOf(row),
});

export const tagOf = ({ epoch, id, previousSecretUntil, version }: WebhookRow): string =>
  // The end of an overlap is shown without a change of the webhook.
  entityTag(epoch, [{ id, version }], previousSecretUntil === null ? "" : "+");
