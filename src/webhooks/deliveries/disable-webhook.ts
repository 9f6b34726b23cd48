import { randomUUID } from "node:crypto";
import { lockCounter } from "../../changes/lock-counter.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { disabledEvent } from "../event-types.ts";
import { type DisabledReason, resourceOf, type WebhookRow, webhookColumns } from "../webhook.ts";
import { enqueueEvent } from "./enqueue-event.ts";
import { notifySenders } from "./wake-lane.ts";
import { type Recipient, webhookEntry } from "./webhook-event.ts";

interface Disabling {
  readonly webhookId: string;
  readonly reason: Exclude<DisabledReason, "requested">;
  /** Only where nobody has changed the webhook since. */
  readonly version?: number;
}

/**
 * Disables a webhook that must not or need not be called any more, and tells the others. What it is
 * owed waits until somebody enables it again.
 *
 * @returns whether it was enabled until now
 */
export const disableWebhook = (sql: Sql, disabling: Disabling): Promise<boolean> =>
  inTransaction(sql, "read write", async (tx) => {
    // Ids of audit rows are given in the order of commits.
    await lockCounter(tx);
    const disabled = await disabledWebhook(tx, disabling);
    if (disabled === undefined) return false;
    await insertAuditRow(tx, disabled);
    await tellOthers(tx, disabled);
    await notifySenders(tx);
    return true;
  });

const disabledWebhook = async (tx: Tx, { reason, version, webhookId }: Disabling) => {
  const [row] = await tx<WebhookRow[]>`
    update fairlead.webhooks w
    set enabled = false, disabled_reason = ${reason}, disabled_at = clock_timestamp(),
      updated_at = clock_timestamp(), version = w.version + 1
    where w.id = ${webhookId} and w.enabled
      and w.version = coalesce(${version ?? null}::bigint, w.version)
    returning ${webhookColumns(tx)}`;
  return row;
};

const insertAuditRow = async (tx: Tx, { disabledReason, id, version }: WebhookRow) => {
  const detail = { webhookId: id, reason: disabledReason, version };
  await tx`
    insert into fairlead.audit_log (at, actor_type, actor_id, authentication, action, detail)
    select greatest(clock_timestamp(), committed_at), 'system', 'webhooks', 'system',
      'webhook.disable', ${JSON.stringify(detail)}::text::json
    from fairlead.deployment`;
};

const tellOthers = async (tx: Tx, webhook: WebhookRow): Promise<void> => {
  const { disabledAt, disabledReason, id, url } = webhook;
  await enqueueEvent(tx, {
    // Shown to whoever sees that there is a delivery, though not to whom it says something.
    id: `disabled-${randomUUID()}`,
    type: disabledEvent,
    source: "/fairlead",
    time: disabledAt ?? "",
    revision: null,
    contentFor: (recipient) =>
      mayBeTold(recipient, webhook)
        ? {
            data: { webhookId: id, origin: new URL(url).origin, reason: disabledReason },
            entries: [webhookEntry(id)],
          }
        : undefined,
  });
};

/** Those that asked for the app and environment that it is of, and whose owners may see it itself. */
const mayBeTold = (recipient: Recipient, webhook: WebhookRow): boolean =>
  recipient.webhookId !== webhook.id &&
  (recipient.app === "" || recipient.app === webhook.app) &&
  (recipient.environment === "" || recipient.environment === webhook.environment) &&
  recipient.permissions.may("webhooks.read", resourceOf(webhook));
