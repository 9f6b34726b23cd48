import type { Sql } from "../../platform/sql.ts";

/** How attempts for a webhook have ended since it was made, whichever processes made them. */
export interface LaneFigures {
  readonly webhookId: string;
  readonly delivered: number;
  readonly failed: number;
  readonly interrupted: number;
  /** By the buckets of `latencyBucketsSeconds`, and those that took longer; not cumulative. */
  readonly latencyCounts: readonly number[];
  readonly latencySeconds: number;
}

export interface DeliveryFigures {
  readonly lanes: readonly LaneFigures[];
  /** Deliveries that nobody tries any more. */
  readonly parked: number;
  /** For how long the oldest is owed that is neither delivered nor parked, of enabled webhooks. */
  readonly oldestSeconds: number;
}

/** What metrics say of webhooks. */
export const readDeliveryFigures = async (sql: Sql): Promise<DeliveryFigures> => {
  const [lanes, [row]] = await Promise.all([laneFigures(sql), owedFigures(sql)]);
  return { lanes, parked: row?.parked ?? 0, oldestSeconds: row?.oldestSeconds ?? 0 };
};

const laneFigures = (sql: Sql) => sql<LaneFigures[]>`
  select
    webhook_id as "webhookId", delivered, failed, interrupted,
    array_to_json(latency_counts) as "latencyCounts", latency_seconds as "latencySeconds"
  from fairlead.webhook_lanes order by webhook_id`;

const owedFigures = (sql: Sql) => sql<{ parked: number; oldestSeconds: number }[]>`
  select
    (
      select count(*)::int from fairlead.webhook_deliveries d
      where d.state = 'parked'
        and exists (select from fairlead.webhooks w where w.id = d.webhook_id)
    ) as parked,
    coalesce((
      select max(extract(epoch from clock_timestamp() - oldest.created_at))::float8
      from fairlead.webhooks w
      cross join lateral (
        select created_at from fairlead.webhook_deliveries d
        where d.webhook_id = w.id and d.state in ('pending', 'sending')
        order by d.sequence limit 1
      ) oldest
      where w.enabled
    ), 0) as "oldestSeconds"`;
