import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim } from "./lane.ts";
import { bucketOf, latencyBucketsSeconds } from "./latency-buckets.ts";

/** How an attempt ended, and what becomes of its delivery. */
export interface AttemptEnd extends LaneClaim {
  readonly id: string;
  readonly attempts: number;
  /** "interrupted": nobody knows whether it arrived. "undone": it was not made after all. */
  readonly outcome: "delivered" | "failed" | "interrupted" | "undone";
  readonly state: "delivered" | "pending" | "parked";
  /** Until the next attempt, of one that is pending. */
  readonly waitMs: number | null;
  readonly status: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly durationMs: number | null;
}

/** What is added to a lane, and how its receiver does. */
interface LaneEnd extends LaneClaim {
  readonly delivered: number;
  readonly failed: number;
  readonly parked: number;
  readonly interrupted: number;
  readonly latencyCounts: readonly number[];
  readonly latencySeconds: number;
  readonly hasSucceeded: boolean;
  /** Null where no attempt came to an end. */
  readonly isFailing: boolean | null;
}

interface Recorded {
  /** Webhooks none of whose deliveries has succeeded for five days. */
  readonly hopeless: readonly string[];
}

const hopelessDays = 5;

/**
 * Writes down how attempts ended, in the order in which they did. Those of a lane that somebody else
 * holds by now are ignored: there they count as interrupted.
 */
export const recordOutcomes = async (sql: Sql, ends: readonly AttemptEnd[]): Promise<Recorded> => {
  if (ends.length === 0) return { hopeless: [] };
  const rows = await hopelessLanes(sql, ends, laneEndsOf(ends));
  return { hopeless: rows.map(({ webhookId }) => webhookId) };
};

const hopelessLanes = (sql: Sql, ends: readonly AttemptEnd[], lanes: readonly LaneEnd[]) => sql<
  { webhookId: string }[]
>`
  with held as materialized (
    select l.webhook_id, g.*
    from json_to_recordset(${JSON.stringify(lanes)}::text::json) as g(
      "webhookId" uuid, fence bigint, delivered bigint, failed bigint, parked bigint,
      interrupted bigint, "latencyCounts" json, "latencySeconds" float8, "hasSucceeded" boolean,
      "isFailing" boolean
    )
    join fairlead.webhook_lanes l on l.webhook_id = g."webhookId" and l.fence = g.fence
    order by l.webhook_id
    for no key update of l
  ), ended as materialized (
    select o.*
    from json_to_recordset(${JSON.stringify(ends)}::text::json) as o(
      id uuid, "webhookId" uuid, attempts int, outcome text, state text, "waitMs" float8,
      status int, error text, excerpt text, "durationMs" float8
    )
    join held on held."webhookId" = o."webhookId"
  ), recorded as (
    update fairlead.webhook_deliveries d
    set state = o.state,
      attempts = d.attempts - (o.outcome = 'undone')::int,
      interrupted = d.interrupted + (o.outcome = 'interrupted')::int,
      next_attempt_at = case when o.state = 'pending' then
        clock_timestamp() + make_interval(secs => coalesce(o."waitMs", 0) / 1000) end,
      ended_at = case when o.state <> 'pending' then clock_timestamp() end,
      status = case when o.outcome = 'undone' then d.status else o.status end,
      error = case when o.outcome = 'undone' then d.error else o.error end,
      excerpt = case when o.outcome = 'undone' then d.excerpt else o.excerpt end,
      duration_ms = case when o.outcome = 'undone' then d.duration_ms else o."durationMs"::int end
    from ended o
    where d.id = any (array(select id from ended)) and d.id = o.id
      and d.state = 'sending' and d.attempts = o.attempts
  ), counted as (${countedLanes(sql)})
  select webhook_id as "webhookId" from counted
  where failing_since <= clock_timestamp() - make_interval(days => ${hopelessDays})`;

const countedLanes = (sql: Sql) => sql`
    update fairlead.webhook_lanes l
    set delivered = l.delivered + held.delivered, failed = l.failed + held.failed,
      parked = l.parked + held.parked, interrupted = l.interrupted + held.interrupted,
      latency_counts = array(
        select coalesce(l.latency_counts[i], 0) + (held."latencyCounts" ->> (i - 1))::bigint
        from generate_series(1, ${latencyBucketsSeconds.length + 1}::int) i order by i
      ),
      latency_seconds = l.latency_seconds + held."latencySeconds",
      failing_since = case
        when held."isFailing" is null then l.failing_since
        when not held."isFailing" then null
        when held."hasSucceeded" then clock_timestamp()
        else coalesce(l.failing_since, clock_timestamp())
      end
    from held where l.webhook_id = held.webhook_id
    returning l.webhook_id, l.failing_since`;

const laneEndsOf = (ends: readonly AttemptEnd[]): readonly LaneEnd[] =>
  [...Map.groupBy(ends, ({ webhookId }) => webhookId).values()].flatMap((ofLane) => {
    const [first] = ofLane;
    if (first === undefined) return [];
    const { fence, webhookId } = first;
    const count = (outcome: AttemptEnd["outcome"]): number =>
      ofLane.filter((end) => end.outcome === outcome).length;
    const answered = ofLane.filter(
      ({ outcome }) => outcome === "delivered" || outcome === "failed",
    );
    const last = answered.at(-1);
    return {
      webhookId,
      fence,
      delivered: count("delivered"),
      failed: count("failed"),
      interrupted: count("interrupted"),
      parked: ofLane.filter(({ state }) => state === "parked").length,
      ...latenciesOf(answered),
      hasSucceeded: count("delivered") > 0,
      isFailing: last === undefined ? null : last.outcome === "failed",
    };
  });

const latenciesOf = (answered: readonly AttemptEnd[]) => {
  const latencyCounts = Array.from({ length: latencyBucketsSeconds.length + 1 }, () => 0);
  let latencySeconds = 0;
  for (const { durationMs } of answered) {
    const seconds = (durationMs ?? 0) / 1_000;
    const place = bucketOf(seconds) - 1;
    latencyCounts[place] = (latencyCounts[place] ?? 0) + 1;
    latencySeconds += seconds;
  }
  return { latencyCounts, latencySeconds };
};
