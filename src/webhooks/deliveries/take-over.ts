import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim } from "./lane.ts";

/**
 * Puts back what a former holder of lanes was sending, or was about to send: nobody saw the end, so it
 * may arrive twice, and says so. A statement of its own, so that it sees all that was begun before the
 * claim. As it has not failed, it goes before what came later.
 *
 * @returns the ids of the deliveries
 */
export const takeOver = async (
  sql: Sql,
  lanes: readonly LaneClaim[],
): Promise<readonly string[]> => {
  if (lanes.length === 0) return [];
  const rows = await sql<{ id: string }[]>`
    with held as materialized (
      select l.webhook_id
      from json_to_recordset(${JSON.stringify(lanes)}::text::json)
        as g("webhookId" uuid, fence bigint)
      join fairlead.webhook_lanes l on l.webhook_id = g."webhookId" and l.fence = g.fence
      order by l.webhook_id
      for no key update of l
    ), found as materialized (
      select d.id from held
      cross join lateral (
        select id from fairlead.webhook_deliveries
        where webhook_id = held.webhook_id and state = 'sending' offset 0
      ) d
    ), put_back as (
      update fairlead.webhook_deliveries d
      set state = 'pending', interrupted = d.interrupted + 1,
        next_attempt_at = d.created_at
      where d.id = any (array(select id from found)) and d.state = 'sending'
      returning d.id, d.webhook_id
    ), counted as (
      update fairlead.webhook_lanes l
      set interrupted = l.interrupted + p.count
      from (select webhook_id, count(*) as count from put_back group by webhook_id) p
      where l.webhook_id = p.webhook_id
    )
    select id from put_back`;
  return rows.map(({ id }) => id);
};
