import type { Ctx } from "../../context.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { testEvent } from "../event-types.ts";
import type { WebhookRow } from "../webhook.ts";
import { everyEntry, isWebhookEntry } from "./webhook-event.ts";

export const deliveryStates = ["pending", "sending", "delivered", "parked", "cancelled"] as const;

export type DeliveryState = (typeof deliveryStates)[number];

/** An event for a webhook, and how sending it goes. */
export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly revision: number | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly interrupted: number;
  readonly createdAt: string;
  readonly nextAttemptAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Of the newest attempt: the receiver's answer, or what was wrong. */
  readonly status: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly durationMs: number | null;
}

export interface DeliveryRow extends Delivery {
  readonly sequence: number;
  readonly entries: readonly string[];
}

/**
 * Whether somebody may know what a delivery says: what the webhook's owner was told, others see only
 * where they may read every entry that it is about. What is about no entry, but about another webhook,
 * is for those who may read everything; a test event says nothing.
 */
export const maySeeContent = (
  { actor, permissions }: Ctx,
  { owner }: WebhookRow,
  { entries, eventType }: Pick<DeliveryRow, "entries" | "eventType">,
): boolean => {
  if (actor.id === owner || eventType === testEvent) return true;
  const readsEntries = permissions.mayEverywhere("entries.read");
  if (entries.length === 0 || entries.some(isWebhookEntry))
    return readsEntries && permissions.mayEverywhere("webhooks.read");
  return readsEntries || entries.every((entry) => mayReadEntry(permissions, entry));
};

const mayReadEntry = (permissions: Ctx["permissions"], entry: string): boolean => {
  const [kind = "", app = "", environment = "", ...key] = entry.split("/");
  const resource = { kind, app, environment, key: key.join("/") };
  return entry !== everyEntry && permissions.may("entries.read", resource);
};

/** A delivery as it is shown. A receiver's answer may repeat what it was sent. */
export const toDelivery = (row: DeliveryRow, seesContent: boolean): Delivery => {
  const { entries: _, sequence: __, ...delivery } = row;
  return { ...delivery, excerpt: seesContent ? delivery.excerpt : null };
};

/** What `toDelivery` needs of `fairlead.webhook_deliveries d`. */
export const deliveryColumns = (sql: Sql | Tx) => sql`
  d.id, d.sequence, d.event_id as "eventId", d.event_type as "eventType", d.revision, d.entries,
  d.state, d.attempts, d.interrupted, d.created_at as "createdAt",
  d.next_attempt_at as "nextAttemptAt", d.started_at as "startedAt", d.ended_at as "endedAt",
  d.status, d.error, d.excerpt, d.duration_ms as "durationMs"`;
