import type { Sql, Tx } from "../platform/sql.ts";
import type { Claim } from "./claim-consumer.ts";
import type { CommittedRow } from "./consumer.ts";
import { inTime } from "./in-time.ts";

export interface DueEvent extends CommittedRow {
  readonly attempts: number;
}

/** The oldest event that was put back and is to be tried now. */
export const readDueEvent = async (sql: Sql, consumer: string): Promise<DueEvent | undefined> => {
  const [event] = await inTime(sql<DueEvent[]>`
    select revision, committed_at as "committedAt", changes, events, attempts
    from fairlead.parked_events
    where consumer = ${consumer} and next_attempt_at <= clock_timestamp()
    order by revision
    limit 1`);
  return event;
};

/** Forgets an event that was delivered after all; false where somebody else holds the consumer. */
export const forgetParked = async (
  sql: Sql,
  { fence, holder, name }: Claim,
  revision: number,
): Promise<boolean> => {
  const { count } = await inTime(sql`
    delete from fairlead.parked_events p
    using fairlead.consumers c
    where c.name = ${name} and c.fence = ${fence} and c.lease_holder = ${holder}
      and p.consumer = c.name and p.revision = ${revision}`);
  return count > 0;
};

interface Retry {
  readonly revision: number;
  readonly attempts: number;
  readonly reason: string;
  /** Undefined leaves it parked until somebody puts it back again. */
  readonly delayMs: number | undefined;
}

/** Notes that an event failed again; false where somebody else holds the consumer. */
export const retryParked = async (
  sql: Sql,
  { fence, holder, name }: Claim,
  { attempts, delayMs, reason, revision }: Retry,
): Promise<boolean> => {
  const { count } = await inTime(sql`
    update fairlead.parked_events p
    set attempts = ${attempts}, last_error = ${reason},
      next_attempt_at = clock_timestamp()
        + make_interval(secs => ${delayMs === undefined ? null : delayMs / 1_000})
    from fairlead.consumers c
    where c.name = ${name} and c.fence = ${fence} and c.lease_holder = ${holder}
      and p.consumer = c.name and p.revision = ${revision}`);
  return count > 0;
};

/** A parked event as operators see it. */
export interface ParkedEvent {
  readonly consumer: string;
  readonly revision: number;
  readonly committedAt: string;
  readonly changeCount: number;
  readonly attempts: number;
  readonly lastError: string;
  readonly parkedAt: string;
  /** Null until somebody puts it back. */
  readonly nextAttemptAt: string | null;
}

interface ParkedQuery {
  readonly consumer: string | undefined;
  readonly start: { readonly consumer: string; readonly revision: number } | undefined;
  readonly count: number;
}

export const readParked = (sql: Sql, { consumer, count, start }: ParkedQuery) => sql<ParkedEvent[]>`
  select
    consumer, revision, committed_at as "committedAt",
    json_array_length(changes) as "changeCount", attempts, last_error as "lastError",
    parked_at as "parkedAt", next_attempt_at as "nextAttemptAt"
  from fairlead.parked_events
  where true
    ${consumer === undefined ? sql`` : sql`and consumer = ${consumer}`}
    ${start === undefined ? sql`` : sql`and (consumer, revision) > (${start.consumer}, ${start.revision})`}
  order by consumer, revision
  limit ${count}`;

/** Lets one parked event, or all of a consumer, be tried anew; answers how many. */
export const putBack = async (
  tx: Tx,
  consumer: string,
  revision: number | undefined,
): Promise<number> => {
  const { count } = await tx`
    update fairlead.parked_events
    set next_attempt_at = clock_timestamp(), attempts = 0
    where consumer = ${consumer} ${revision === undefined ? tx`` : tx`and revision = ${revision}`}`;
  return count;
};

/** Whether there is such a consumer; who puts back at the same time waits. */
export const lockConsumer = async (tx: Tx, name: string): Promise<boolean> => {
  const rows = await tx`
    select from fairlead.consumers where name = ${name} for update`;
  return rows.length > 0;
};
