import { readHolders } from "../../access/read-holders.ts";
import type { Sql } from "../../platform/sql.ts";
import { hasEnded } from "../owner.ts";
import type { WebhookRow } from "../webhook.ts";
import { disableWebhook } from "./disable-webhook.ts";

type Owned = Pick<WebhookRow, "id" | "owner" | "createdAt">;

/**
 * Disables the webhooks among these whose owners' keys were revoked or have expired.
 *
 * @returns their ids
 */
export const disableOwnerless = async (
  sql: Sql,
  webhooks: readonly Owned[],
): Promise<readonly string[]> => {
  const holders = await readHolders(sql, [...new Set(webhooks.map(({ owner }) => owner))]);
  const ended = webhooks.filter((webhook) => hasEnded(webhook, holders.get(webhook.owner)));
  for (const { id } of ended) {
    await disableWebhook(sql, { webhookId: id, reason: "owner-key-ended" });
  }
  return ended.map(({ id }) => id);
};

/** Looks at all that are enabled: nobody announces the end of a key. */
export const disableOwnerlessOnce = async (sql: Sql): Promise<{ readonly disabled: number }> => {
  const webhooks = await sql<Owned[]>`
    select id, owner, created_at as "createdAt" from fairlead.webhooks where enabled`;
  return { disabled: (await disableOwnerless(sql, webhooks)).length };
};
