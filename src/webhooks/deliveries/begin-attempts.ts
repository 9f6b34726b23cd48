import type { Sql } from "../../platform/sql.ts";
import type { signatureKinds } from "../webhook.ts";
import type { LaneClaim } from "./lane.ts";

/** How many deliveries to take of a lane. */
export interface LaneTake extends LaneClaim {
  readonly take: number;
}

/** An attempt that is written down, and has to be made, with its webhook as it is at this moment. */
export interface Attempt {
  readonly id: string;
  readonly webhookId: string;
  readonly sequence: number;
  /** With this one. */
  readonly attempts: number;
  readonly startedAt: string;
  readonly entries: readonly string[];
  readonly contentType: string;
  readonly body: string;
  /** Of the webhook. */
  readonly version: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signatures: readonly (typeof signatureKinds)[number][];
  readonly secret: Uint8Array;
  /** The one before it, while the overlap of a rotation lasts. */
  readonly previousSecret: Uint8Array | null;
  readonly privateKey: Uint8Array | null;
}

interface Begun {
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** Whether there was more, of any lane, than is held at once. */
  readonly isCut: boolean;
}

/** Of the bodies that one statement takes; one is at most 256 KiB. */
const maxBytes = 16 * 1024 * 1024;

/** Writes down that the deliveries which are due, the longest first, are being sent. */
export const beginAttempts = async (
  sql: Sql,
  holder: string,
  takes: readonly LaneTake[],
): Promise<Begun> => {
  const rows = await begunAttempts(sql, holder, takes);
  const bytes = rows.reduce((sum, { body }) => sum + body.length, 0);
  return {
    attempts: rows.toSorted((one, other) => one.sequence - other.sequence),
    // Characters are at most as many as bytes, of which JSON has few more.
    isCut: bytes >= maxBytes / 4,
  };
};

const begunAttempts = (sql: Sql, holder: string, takes: readonly LaneTake[]) => sql<Attempt[]>`
  with held as materialized (
    select l.webhook_id, g.take
    from json_to_recordset(${JSON.stringify(takes)}::text::json)
      as g("webhookId" uuid, fence bigint, take int)
    join fairlead.webhook_lanes l on l.webhook_id = g."webhookId" and l.fence = g.fence
    where l.lease_holder = ${holder} and l.lease_expires_at > clock_timestamp()
    order by l.webhook_id
    for no key update of l
  ), due as materialized (
    select
      d.id,
      sum(d.bytes) over (order by d.next_attempt_at, d.sequence) - d.bytes as bytes_before
    from held
    join fairlead.webhooks w on w.id = held.webhook_id and w.enabled
    cross join lateral (
      select id, next_attempt_at, sequence, octet_length(body) as bytes
      from fairlead.webhook_deliveries
      where webhook_id = held.webhook_id and state = 'pending'
        and next_attempt_at <= statement_timestamp()
      order by next_attempt_at, sequence
      limit held.take
    ) d
  )
  update fairlead.webhook_deliveries d
  set state = 'sending', attempts = d.attempts + 1, started_at = clock_timestamp(),
    next_attempt_at = null
  from fairlead.webhooks w
  where d.id = any (array(select id from due where bytes_before < ${maxBytes}))
    and d.state = 'pending' and w.id = d.webhook_id
  returning
    d.id, d.webhook_id as "webhookId", d.sequence, d.attempts, d.started_at as "startedAt", d.entries,
    d.content_type as "contentType", d.body, w.version, w.url, w.headers, w.signatures, w.secret,
    case when w.previous_secret_until > clock_timestamp() then w.previous_secret end
      as "previousSecret",
    w.private_key as "privateKey"`;
