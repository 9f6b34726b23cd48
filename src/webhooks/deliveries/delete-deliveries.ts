import type { Sql } from "../../platform/sql.ts";

const batchSize = 2_000;

/**
 * Deletes deliveries of a webhook that is gone, in batches. Nobody makes or sends them any more without
 * its lane; those that somebody else deletes at this moment are left to that.
 *
 * @returns how many were deleted
 */
export const deleteDeliveries = async (
  sql: Sql,
  webhookId: string,
  maxBatches = Number.POSITIVE_INFINITY,
): Promise<number> => {
  let deleted = 0;
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const count = await deletedBatch(sql, webhookId);
    deleted += count;
    if (count < batchSize) break;
  }
  return deleted;
};

const deletedBatch = async (sql: Sql, webhookId: string): Promise<number> => {
  const { count } = await sql`
    delete from fairlead.webhook_deliveries
    where id = any (array(
      select id from fairlead.webhook_deliveries
      where webhook_id = ${webhookId}
        and not exists (select from fairlead.webhooks where id = ${webhookId})
      limit ${batchSize}
      for update skip locked
    ))`;
  return count;
};
