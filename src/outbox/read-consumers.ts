import type { Sql } from "../platform/sql.ts";

/** How a consumer is doing. */
export interface ConsumerStatus {
  readonly name: string;
  readonly kind: "state" | "event";
  readonly epoch: string;
  /** Everything up to here has taken effect. */
  readonly revision: number;
  readonly lagRevisions: number;
  /** For how long the first revision that has not taken effect waits. */
  readonly lagSeconds: number;
  readonly parked: number;
  /** Failures in a row at the cursor. */
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  /** The last one, which may be long past. */
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  /** When the cursor moved. */
  readonly updatedAt: string;
  /** Who drains it at this moment. */
  readonly heldBy: string | null;
}

export const readConsumers = (sql: Sql): Promise<ConsumerStatus[]> => sql<ConsumerStatus[]>`
  select
    c.name, c.kind, c.epoch, c.revision,
    greatest(d.revision - c.revision, 0) as "lagRevisions",
    greatest(coalesce(extract(epoch from clock_timestamp() - (
      select o.committed_at from fairlead.outbox o
      where o.revision > c.revision
      order by o.revision
      limit 1
    )), 0), 0)::float8 as "lagSeconds",
    (select count(*) from fairlead.parked_events p where p.consumer = c.name) as parked,
    c.attempts, c.next_attempt_at as "nextAttemptAt",
    c.last_error as "lastError", c.last_error_at as "lastErrorAt", c.updated_at as "updatedAt",
    case when c.lease_expires_at > clock_timestamp() then c.lease_holder end as "heldBy"
  from fairlead.consumers c
  cross join fairlead.deployment d
  order by c.name`;

/** What there is to read. */
export interface OutboxExtent {
  readonly epoch: string;
  readonly revision: number;
  /** Null where it holds nothing. */
  readonly oldestRevision: number | null;
  readonly oldestAt: string | null;
}

export const readOutboxExtent = async (sql: Sql): Promise<OutboxExtent> => {
  const [extent] = await sql<OutboxExtent[]>`
    select
      d.epoch, d.revision, o.revision as "oldestRevision", o.committed_at as "oldestAt"
    from fairlead.deployment d
    left join (select revision, committed_at from fairlead.outbox order by revision limit 1) o
      on true`;
  if (extent === undefined) throw new Error("fairlead.deployment has no row");
  return extent;
};
