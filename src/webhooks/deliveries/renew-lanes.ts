import type { Sql } from "../../platform/sql.ts";
import type { LaneClaim, LaneHolder } from "./lane.ts";

/**
 * Keeps lanes for another while.
 *
 * @returns those that are still held; the others are somebody else's, or gone
 */
export const renewLanes = async (
  sql: Sql,
  { holder, leaseMs }: LaneHolder,
  lanes: readonly LaneClaim[],
): Promise<ReadonlySet<string>> => {
  const rows = await sql<{ webhookId: string }[]>`
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
    set lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})
    from held where l.webhook_id = held.webhook_id
    returning l.webhook_id as "webhookId"`;
  return new Set(rows.map(({ webhookId }) => webhookId));
};
