import type { Sql } from "../../platform/sql.ts";

const batchSize = 2_000;

/**
 * Forgets deliveries that ended well, or were cancelled, long ago, in batches that hold no lock for long.
 * What is parked stays until somebody has it sent again or deletes its webhook.
 */
export const expireDeliveriesOnce = async ({
  retentionDays,
  sql,
}: {
  readonly sql: Sql;
  readonly retentionDays: number;
}): Promise<{ readonly deleted: number }> => {
  let deleted = 0;
  for (;;) {
    const count = await deletedBatch(sql, retentionDays);
    deleted += count;
    if (count < batchSize) return { deleted };
  }
};

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
