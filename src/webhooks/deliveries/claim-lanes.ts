import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim, LaneHolder } from "./lane.ts";

export interface ClaimedLane extends LaneClaim {
  /** Whether somebody held it who has not given it back: rows may say that they are being sent. */
  readonly wasHeld: boolean;
  readonly isFailing: boolean;
  readonly owner: string;
  readonly createdAt: string;
}

/**
 * Takes webhooks that have something to send, or that were left in the middle of it, and that nobody
 * holds. `due_at` is emptied: what is due from then on is written there by whoever makes it so.
 */
export const claimLanes = (
  sql: Sql,
  { holder, leaseMs, limit }: LaneHolder & { readonly limit: number },
) => sql<ClaimedLane[]>`
  with due as materialized (
    select l.webhook_id, l.lease_holder is not null as was_held
    from fairlead.webhook_lanes l
    where (l.due_at <= statement_timestamp() or l.lease_holder is not null)
      and (l.lease_holder is null or l.lease_expires_at <= statement_timestamp())
      and exists (select from fairlead.webhooks w where w.id = l.webhook_id and w.enabled)
    order by l.due_at
    limit ${limit}
    for no key update of l skip locked
  )
  update fairlead.webhook_lanes l
  set fence = l.fence + 1, lease_holder = ${holder}, due_at = null,
    lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})
  from due
  join fairlead.webhooks w on w.id = due.webhook_id
  where l.webhook_id = due.webhook_id
  returning
    l.webhook_id as "webhookId", l.fence, due.was_held as "wasHeld",
    l.failing_since is not null as "isFailing", w.owner, w.created_at as "createdAt"`;
