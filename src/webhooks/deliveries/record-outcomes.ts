import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim } from "./lane.ts";
import { bucketOf, latencyBucketsSeconds } from "./latency-buckets.ts";

/** How an attempt ended, and what becomes of its delivery. */
export interface AttemptEnd extends LaneClaim {
  readonly id: string;
  readonly attempts: number;
  /** When the attempt was begun: another one may have the same number, after one that was not made. */
  readonly startedAt: string;
  /** "interrupted": nobody knows whether it arrived. "undone": it was not made after all. */
  readonly outcome: "delivered" | "failed" | "interrupted" | "undone";
  readonly state: "delivered" | "pending" | "parked";
  /** Until the next attempt, of one that has failed and is pending. */
  readonly waitMs: number | null;
  readonly status: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly durationMs: number | null;
}

interface Recorded {
  /** Webhooks none of whose deliveries has succeeded for five days. */
  readonly hopeless: readonly string[];
}

const hopelessDays = 5;

/**
 * Writes down how attempts ended, in the order in which they did. Those of a lane that somebody else
 * holds by now are ignored: there they count as interrupted. So are those that are written down already,
 * and what is ignored is not counted.
 */
export const recordOutcomes = async (sql: Sql, ends: readonly AttemptEnd[]): Promise<Recorded> => {
  if (ends.length === 0) return { hopeless: [] };
  const given = ends.map((end, position) => ({
    ...end,
    position,
    bucket: bucketOf((end.durationMs ?? 0) / 1_000),
  }));
  const rows = await hopelessLanes(sql, given, lanesOf(ends));
  return { hopeless: rows.map(({ webhookId }) => webhookId) };
};

interface GivenEnd extends AttemptEnd {
  readonly position: number;
  readonly bucket: number;
}

/** Each once: a lane that was lost and taken again has ends of both times. */
const lanesOf = (ends: readonly AttemptEnd[]): readonly LaneClaim[] => {
  const lanes = new Map<string, LaneClaim>();
  for (const { fence, webhookId } of ends) lanes.set(`${webhookId}/${fence}`, { fence, webhookId });
  return [...lanes.values()];
};

const hopelessLanes = (sql: Sql, ends: readonly GivenEnd[], lanes: readonly LaneClaim[]) => sql<
  { webhookId: string }[]
>`
  with held as materialized (
    select l.webhook_id, l.fence
    from json_to_recordset(${JSON.stringify(lanes)}::text::json)
      as g("webhookId" uuid, fence bigint)
    join fairlead.webhook_lanes l on l.webhook_id = g."webhookId" and l.fence = g.fence
    order by l.webhook_id
    for no key update of l
  ), ended as materialized (
    select o.*
    from json_to_recordset(${JSON.stringify(ends)}::text::json) as o(
      id uuid, "webhookId" uuid, fence bigint, attempts int, "startedAt" timestamptz, outcome text,
      state text, "waitMs" float8, status int, error text, excerpt text, "durationMs" float8,
      position int, bucket int
    )
    join held on held.webhook_id = o."webhookId" and held.fence = o.fence
  ), recorded as (${recordedEnds(sql)}
  ), figures as (
    select webhook_id,
      count(*) filter (where outcome = 'delivered') as delivered,
      count(*) filter (where outcome = 'failed') as failed,
      count(*) filter (where state = 'parked') as parked,
      count(*) filter (where outcome = 'interrupted') as interrupted,
      array_agg(bucket) filter (where is_answer) as buckets,
      coalesce(sum(duration_ms) filter (where is_answer), 0) / 1000 as latency_seconds,
      bool_or(outcome = 'delivered') as has_succeeded,
      -- Null where no attempt came to an end.
      (array_agg(outcome = 'failed' order by position desc) filter (where is_answer))[1]
        as is_failing
    from recorded group by webhook_id
  ), counted as (${countedLanes(sql)})
  select webhook_id as "webhookId" from counted
  where failing_since <= clock_timestamp() - make_interval(days => ${hopelessDays})`;

/** Only one that has failed has to wait: what was not made, or not seen to its end, keeps its place. */
const recordedEnds = (sql: Sql) => sql`
    update fairlead.webhook_deliveries d
    set state = o.state,
      attempts = d.attempts - (o.outcome = 'undone')::int,
      interrupted = d.interrupted + (o.outcome = 'interrupted')::int,
      next_attempt_at = case when o.state = 'pending' then
        case when o.outcome = 'failed'
          then clock_timestamp() + make_interval(secs => coalesce(o."waitMs", 0) / 1000)
          else d.created_at
        end
      end,
      ended_at = case when o.state <> 'pending' then clock_timestamp() end,
      status = case when o.outcome = 'undone' then d.status else o.status end,
      error = case when o.outcome = 'undone' then d.error else o.error end,
      excerpt = case when o.outcome = 'undone' then d.excerpt else o.excerpt end,
      duration_ms = case when o.outcome = 'undone' then d.duration_ms else o."durationMs"::int end
    from ended o
    where d.id = any (array(select id from ended)) and d.id = o.id
      and d.state = 'sending' and d.attempts = o.attempts and d.started_at = o."startedAt"
    returning d.webhook_id, o.outcome, o.state, o.position, o.bucket,
      o."durationMs" as duration_ms, o.outcome in ('delivered', 'failed') as is_answer`;

const countedLanes = (sql: Sql) => sql`
    update fairlead.webhook_lanes l
    set delivered = l.delivered + f.delivered, failed = l.failed + f.failed,
      parked = l.parked + f.parked, interrupted = l.interrupted + f.interrupted,
      latency_counts = array(
        select coalesce(l.latency_counts[i], 0)
          + coalesce(cardinality(array_positions(f.buckets, i)), 0)
        from generate_series(1, ${latencyBucketsSeconds.length + 1}::int) i order by i
      ),
      latency_seconds = l.latency_seconds + f.latency_seconds,
      failing_since = case
        when f.is_failing is null then l.failing_since
        when not f.is_failing then null
        when f.has_succeeded then clock_timestamp()
        else coalesce(l.failing_since, clock_timestamp())
      end
    from figures f where l.webhook_id = f.webhook_id
    returning l.webhook_id, l.failing_since`;
