import type { Permissions } from "../../permissions/compile-permissions.ts";
import type { EventData } from "../messages/message.ts";
import type { WebhookContent } from "../webhook.ts";

/** Whom an event may be told, and what of it. */
export interface Recipient
  extends Pick<WebhookContent, "app" | "environment" | "prefix" | "payload"> {
  readonly webhookId: string;
  /** What its owner may do at this moment. */
  readonly permissions: Permissions;
}

/** What somebody is told of an event. */
export interface EventContent {
  readonly data: EventData;
  /**
   * What it is about, `kind/app/environment/key` or a `webhookEntry`: deliveries that share one are not
   * sent side by side, and only who may read all of them is shown the delivery's body.
   */
  readonly entries: readonly string[];
}

/** Something that webhooks are told of. */
export interface WebhookEvent {
  /** A webhook gets no two deliveries of one id. */
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  /** Null for what no change set has caused. */
  readonly revision: number | null;
  /** Where it is for one webhook alone, whatever that one's patterns. */
  readonly webhookId?: string;
  /** What a webhook is told; undefined where nothing of it is for that one. */
  readonly contentFor: (recipient: Recipient) => EventContent | undefined;
}

/** Stands for more entries than are listed: such a delivery is sent with no other beside it. */
export const everyEntry = "*";

/** Stands for a webhook, which is no entry; kinds of entries have no colon in their names. */
export const webhookEntry = (webhookId: string): string => `webhook:${webhookId}`;

export const isWebhookEntry = (entry: string): boolean => entry.startsWith("webhook:");

const maxEntries = 100;

export const listedEntries = (entries: readonly string[]): readonly string[] =>
  entries.length > maxEntries ? [everyEntry] : entries;
