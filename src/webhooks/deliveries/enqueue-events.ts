import { randomUUID } from "node:crypto";
import { readHolders } from "../../access/read-holders.ts";
import type { Tx } from "../../platform/sql.ts";
import { wantsEvent } from "../event-types.ts";
import { renderMessage } from "../messages/render-message.ts";
import { hasEnded } from "../owner.ts";
import type { WebhookRow } from "../webhook.ts";
import { notifySenders } from "./wake-lane.ts";
import { listedEntries, type Recipient, type WebhookEvent } from "./webhook-event.ts";

type Subscription = Pick<
  WebhookRow,
  "id" | "events" | "app" | "environment" | "prefix" | "payload" | "format" | "owner" | "createdAt"
>;

interface Owed {
  readonly subscription: Subscription;
  readonly recipient: Recipient;
}

interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly revision: number | null;
  readonly entries: readonly string[];
  readonly contentType: string;
  readonly body: string;
}

/** What one statement carries at most. */
const maxRows = 1_000;
const maxCharacters = 4 * 1024 * 1024;

/**
 * Writes a delivery for each enabled webhook and event that it asked for and its owner may be told of,
 * in the order of the events. An event that comes again makes nothing twice.
 *
 * @returns the ids of the deliveries that are new
 */
export const enqueueEvents = async (
  tx: Tx,
  events: readonly WebhookEvent[],
): Promise<readonly string[]> => {
  const written: string[] = [];
  const owed = await readOwed(tx);
  let batch: NewDelivery[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) written.push(...(await insertedDeliveries(tx, batch)));
    batch = [];
    characters = 0;
  };
  await lockLanes(tx, lanesOf(owed, events));
  for (const delivery of deliveriesOf(owed, events)) {
    batch.push(delivery);
    characters += delivery.body.length;
    if (batch.length >= maxRows || characters >= maxCharacters) await flush();
  }
  await flush();
  if (written.length > 0) await notifySenders(tx);
  return written;
};

/** The enabled webhooks whose owners still count. */
const readOwed = async (tx: Tx): Promise<readonly Owed[]> => {
  const subscriptions = await enabledWebhooks(tx);
  const owners = [...new Set(subscriptions.map(({ owner }) => owner))];
  const holders = await readHolders(tx, owners);
  return subscriptions.flatMap((subscription) => {
    const holder = holders.get(subscription.owner);
    if (holder === undefined || hasEnded(subscription, holder)) return [];
    const { app, environment, id, payload, prefix } = subscription;
    const { permissions } = holder;
    return [
      {
        subscription,
        recipient: { webhookId: id, app, environment, prefix, payload, permissions },
      },
    ];
  });
};

const isFor = (
  { webhookId, type }: WebhookEvent,
  { events, id }: Pick<Subscription, "events" | "id">,
): boolean => (webhookId === undefined ? wantsEvent(events, type) : webhookId === id);

const lanesOf = (owed: readonly Owed[], events: readonly WebhookEvent[]): readonly string[] =>
  owed
    .filter(({ subscription }) => events.some((event) => isFor(event, subscription)))
    .map(({ subscription }) => subscription.id);

/** Made one by one: all of them at once may be more than memory holds. */
function* deliveriesOf(
  owed: readonly Owed[],
  events: readonly WebhookEvent[],
): Generator<NewDelivery> {
  for (const event of events) {
    const { id: eventId, revision, source, time, type: eventType } = event;
    for (const { recipient, subscription } of owed) {
      const content = isFor(event, subscription) ? event.contentFor(recipient) : undefined;
      if (content === undefined) continue;
      const { format, id: webhookId, payload } = subscription;
      const told = { id: eventId, type: eventType, source, time, data: content.data };
      yield {
        id: randomUUID(),
        webhookId,
        eventId,
        eventType,
        revision,
        entries: listedEntries(content.entries),
        ...renderMessage({ format, payload, event: told }),
      };
    }
  }
}

const enabledWebhooks = (tx: Tx) => tx<Subscription[]>`
  select
    w.id, w.events, w.app, w.environment, w.prefix, w.payload, w.format, w.owner,
    w.created_at as "createdAt"
  from fairlead.webhooks w where w.enabled order by w.id`;

/** In one order whoever does it, so that nobody waits in a circle; see `lockLane`. */
const lockLanes = async (tx: Tx, webhookIds: readonly string[]): Promise<void> => {
  if (webhookIds.length === 0) return;
  await tx`
    select from fairlead.webhook_lanes
    where webhook_id in (
      select value::uuid from json_array_elements_text(${JSON.stringify(webhookIds)}::text::json)
    )
    order by webhook_id
    for no key update`;
};

/** Those that are new; none for a webhook that went away meanwhile. */
const insertedDeliveries = async (
  tx: Tx,
  deliveries: readonly NewDelivery[],
): Promise<readonly string[]> => {
  const rows = await tx<{ id: string }[]>`
    with given as (
      select d.*, row_number() over () as position
      from json_to_recordset(${JSON.stringify(deliveries)}::text::json) as d (
        "id" uuid, "webhookId" uuid, "eventId" text, "eventType" text, "revision" bigint,
        "entries" json, "contentType" text, "body" text
      )
    ), inserted as (
      insert into fairlead.webhook_deliveries
        (id, webhook_id, event_id, event_type, revision, entries, content_type, body, created_at,
         state, next_attempt_at)
      select
        g."id", g."webhookId", g."eventId", g."eventType", g."revision", g."entries",
        g."contentType", g."body", clock_timestamp(), 'pending', clock_timestamp()
      from given g
      join fairlead.webhook_lanes l on l.webhook_id = g."webhookId"
      order by g.position
      on conflict on constraint webhook_deliveries_event_key do nothing
      returning id, webhook_id, next_attempt_at
    ), due as (
      update fairlead.webhook_lanes l
      set due_at = least(l.due_at, i.at)
      from (select webhook_id, min(next_attempt_at) as at from inserted group by webhook_id) i
      where l.webhook_id = i.webhook_id
    )
    select id from inserted`;
  return rows.map(({ id }) => id);
};
