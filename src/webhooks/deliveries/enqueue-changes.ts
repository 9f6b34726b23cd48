import type { KindRegistry } from "../../changes/kind.ts";
import type { CommittedRow } from "../../outbox/consumer.ts";
import type { Json } from "../../platform/json.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { wantsEvent } from "../event-types.ts";
import type { ToldChange } from "../messages/message.ts";
import type { WebhookContent } from "../webhook.ts";
import { enqueueEvents } from "./enqueue-events.ts";
import { type ChangeValues, readChangeValues } from "./read-change-values.ts";
import {
  concerns,
  type OutboxChange,
  type SelectedChange,
  selectChanges,
} from "./select-changes.ts";
import type { EventContent, Recipient, WebhookEvent } from "./webhook-event.ts";

type ChangeEvent = CommittedRow["events"][number];
type Values = ReadonlyMap<OutboxChange, ChangeValues>;

/** Deliveries that are written together, about: senders wait for their lanes meanwhile. */
const deliveriesTogether = 1_000;

/**
 * Writes what webhooks are owed of committed change sets, in some transactions one after the other. Rows
 * that come again make nothing twice.
 *
 * @returns how many deliveries are new
 */
export const enqueueChanges = async (
  sql: Sql,
  kinds: KindRegistry,
  rows: readonly CommittedRow[],
): Promise<number> => {
  const { count, filters } = await readListeners(sql);
  if (count === 0) return 0;
  const events = rows.flatMap((row) => row.events);
  // Values take memory, so events that need them are looked at one by one.
  const size = filters.length > 0 ? 1 : Math.max(1, Math.floor(deliveriesTogether / count));
  let written = 0;
  for (let start = 0; start < events.length; start += size) {
    const some = events.slice(start, start + size);
    written += await inTransaction(sql, "read write", (tx) => enqueue(tx, kinds, filters, some));
  }
  return written;
};

const enqueue = async (
  tx: Tx,
  kinds: KindRegistry,
  filters: readonly FullFilter[],
  events: readonly ChangeEvent[],
): Promise<number> => {
  const told: WebhookEvent[] = [];
  for (const event of events) {
    const values = await readChangeValues(tx, wantedValues(event, filters));
    told.push(toWebhookEvent(event, kinds, values));
  }
  return (await enqueueEvents(tx, told)).length;
};

type FullFilter = Pick<WebhookContent, "events" | "app" | "environment" | "prefix">;

const readListeners = async (sql: Sql) => {
  const [row] = await sql<{ count: number; filters: FullFilter[] | null }[]>`
    select
      count(*)::int as count,
      json_agg(json_build_object(
        'events', events, 'app', app, 'environment', environment, 'prefix', prefix
      )) filter (where payload = 'full') as filters
    from fairlead.webhooks where enabled`;
  return { count: row?.count ?? 0, filters: row?.filters ?? [] };
};

/** What some webhook may be told the values of; its owner's grants are seen to later. */
const wantedValues = (event: ChangeEvent, filters: readonly FullFilter[]): OutboxChange[] => {
  const asked = filters.filter(({ events }) => wantsEvent(events, event.type));
  if (asked.length === 0) return [];
  return event.data.changes.filter((change) =>
    asked.some((filter) => concerns(change, filter) && change.key.startsWith(filter.prefix)),
  );
};

const toWebhookEvent = (event: ChangeEvent, kinds: KindRegistry, values: Values): WebhookEvent => {
  const { data, id, source, time, type } = event;
  const { changes, ...rest } = data;
  const isResolved = (kind: string): boolean => kinds.get(kind)?.isGlobal !== true;
  return {
    id,
    type,
    source,
    time,
    revision: data.revision,
    contentFor(recipient: Recipient): EventContent | undefined {
      const selected = selectChanges(changes, recipient, isResolved);
      if (selected.length === 0) return undefined;
      const isWhole = selected.every(({ change }) => values.has(change));
      const isFull = recipient.payload === "full" && isWhole;
      const told = selected.map((one) =>
        isFull && one.isReadable ? withValues(one, kinds, values) : one.change,
      );
      const isTruncated = recipient.payload === "full" && !isWhole;
      return {
        data: { ...rest, changes: told, ...(isTruncated ? { truncated: true } : {}) },
        entries: selected.map(({ change }) => entryName(change)),
      };
    },
  };
};

const withValues = (
  { change }: SelectedChange,
  kinds: KindRegistry,
  values: Values,
): ToldChange => {
  const { after = null, before = null } = values.get(change) ?? {};
  const redact = (value: Json): Json =>
    value === null ? null : (kinds.get(change.kind)?.redact(value) ?? null);
  return { ...change, before: redact(before), after: redact(after) };
};

const entryName = ({ app, environment, key, kind }: OutboxChange): string =>
  `${kind}/${app ?? ""}/${environment ?? ""}/${key}`;
