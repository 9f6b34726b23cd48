import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim } from "./lane.ts";
import { putBackInterrupted } from "./put-back-interrupted.ts";

interface LaneRelease extends LaneClaim {
  /** Whether attempts may be begun without our knowing, even after this statement. */
  readonly isUncertain: boolean;
}

/**
 * Gives lanes back, due when the next of their deliveries is. What others made due meanwhile is in
 * `due_at`, which is read under the row's lock, so nothing is overlooked. A row that still says that it
 * is being sent was begun by a statement whose answer was lost; nobody else would ever look at it. That
 * statement may even be under way, so an uncertain lane is left with a lease that is over: whoever takes
 * it then ends the old fence, and looks for such rows after that.
 */
export const releaseLanes = async (
  sql: Sql,
  holder: string,
  lanes: readonly LaneRelease[],
): Promise<void> => {
  await sql`
    with held as materialized (
      select l.webhook_id, g."isUncertain" as is_uncertain
      from json_to_recordset(${JSON.stringify(lanes)}::text::json)
        as g("webhookId" uuid, fence bigint, "isUncertain" boolean)
      join fairlead.webhook_lanes l on l.webhook_id = g."webhookId" and l.fence = g.fence
      where l.lease_holder = ${holder}
      order by l.webhook_id
      for no key update of l
    ), ${putBackInterrupted(sql)}, interrupted as (
      select webhook_id, count(*) as count, min(next_attempt_at) as due_at
      from put_back group by webhook_id
    )
    update fairlead.webhook_lanes l
    set lease_holder = case when held.is_uncertain then l.lease_holder end,
      lease_expires_at = case when held.is_uncertain then clock_timestamp() end,
      interrupted = l.interrupted + coalesce(i.count, 0),
      due_at = least(l.due_at, i.due_at, (
        select min(d.next_attempt_at) from fairlead.webhook_deliveries d
        where d.webhook_id = l.webhook_id and d.state = 'pending'
      ))
    from held left join interrupted i on i.webhook_id = held.webhook_id
    where l.webhook_id = held.webhook_id`;
};
