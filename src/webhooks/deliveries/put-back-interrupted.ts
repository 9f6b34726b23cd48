import type { Sql } from "../../platform/sql.ts";

/**
 * Parts of a statement that names lanes as `held`: `put_back` are the deliveries of those that say that
 * they are being sent, pending again. Nobody saw the end, so they may arrive twice, and say so; as they
 * have not failed, they go before what came later.
 */
export const putBackInterrupted = (sql: Sql) => sql`
    found as materialized (
      select d.id from held
      cross join lateral (
        select id from fairlead.webhook_deliveries
        where webhook_id = held.webhook_id and state = 'sending' offset 0
      ) d
    ), put_back as (
      update fairlead.webhook_deliveries d
      set state = 'pending', interrupted = d.interrupted + 1, next_attempt_at = d.created_at
      where d.id = any (array(select id from found)) and d.state = 'sending'
      returning d.id, d.webhook_id, d.next_attempt_at
    )`;
