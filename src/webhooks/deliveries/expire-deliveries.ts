import type { Sql } from "../../platform/sql.ts";
import { deleteDeliveries } from "./delete-deliveries.ts";

const batchSize = 2_000;

/**
 * Forgets deliveries that ended well, or were cancelled, long ago, in batches that hold no lock for long,
 * and what is left of deleted webhooks. What is parked stays until somebody has it sent again or deletes
 * its webhook.
 */
export const expireDeliveriesOnce = async ({
  retentionDays,
  sql,
}: {
  readonly sql: Sql;
  readonly retentionDays: number;
}): Promise<{ readonly deleted: number }> => {
  let deleted = 0;
  for (const { webhookId } of await goneWebhooks(sql)) {
    deleted += await deleteDeliveries(sql, webhookId);
  }
  for (;;) {
    const count = await deletedBatch(sql, retentionDays);
    deleted += count;
    if (count < batchSize) return { deleted };
  }
};

/** Goes from one webhook's deliveries to the next one's: a step in an index for each, not for each row. */
const goneWebhooks = (sql: Sql) => sql<{ webhookId: string }[]>`
  with recursive found as (
    (select webhook_id from fairlead.webhook_deliveries order by webhook_id limit 1)
    union all
    select (
      select d.webhook_id from fairlead.webhook_deliveries d
      where d.webhook_id > found.webhook_id order by d.webhook_id limit 1
    )
    from found where found.webhook_id is not null
  )
  select webhook_id as "webhookId" from found
  where webhook_id is not null
    and not exists (select from fairlead.webhooks w where w.id = found.webhook_id)`;

const deletedBatch = async (sql: Sql, retentionDays: number): Promise<number> => {
  const { count } = await sql`
    delete from fairlead.webhook_deliveries
    where id = any (array(
      select id from fairlead.webhook_deliveries
      where state in ('delivered', 'cancelled')
        and ended_at < now() - make_interval(days => ${retentionDays})
      order by ended_at
      limit ${batchSize}
      for update skip locked
    ))`;
  return count;
};
