import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim } from "./lane.ts";
import { putBackInterrupted } from "./put-back-interrupted.ts";

/**
 * Puts back what a former holder of lanes was sending, or was about to send. A statement of its own, so
 * that it sees all that was begun before the claim.
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
    ), ${putBackInterrupted(sql)}, counted as (
      update fairlead.webhook_lanes l
      set interrupted = l.interrupted + p.count
      from (select webhook_id, count(*) as count from put_back group by webhook_id) p
      where l.webhook_id = p.webhook_id
    )
    select id from put_back`;
  return rows.map(({ id }) => id);
};
