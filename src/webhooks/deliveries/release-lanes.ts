import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim } from "./lane.ts";

/**
 * Gives lanes back, due when the next of their deliveries is. What others made due meanwhile is in
 * `due_at`, which is read under the row's lock, so nothing is overlooked.
 */
export const releaseLanes = async (
  sql: Sql,
  holder: string,
  lanes: readonly LaneClaim[],
): Promise<void> => {
  await sql`
    with held as materialized (
      select l.webhook_id
      from json_to_recordset(${JSON.stringify(lanes)}::text::json)
        as g("webhookId" uuid, fence bigint)
      join fairlead.webhook_lanes l on l.webhook_id = g."webhookId" and l.fence = g.fence
      where l.lease_holder = ${holder}
      order by l.webhook_id
      for no key update of l
    )
    update fairlead.webhook_lanes l
    set lease_holder = null, lease_expires_at = null,
      due_at = least(l.due_at, (
        select min(d.next_attempt_at) from fairlead.webhook_deliveries d
        where d.webhook_id = l.webhook_id and d.state = 'pending'
      ))
    from held where l.webhook_id = held.webhook_id`;
};
