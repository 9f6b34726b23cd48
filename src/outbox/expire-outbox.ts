import type { Sql } from "../platform/sql.ts";

const batchSize = 1_000;

/**
 * Deletes the rows that every consumer has passed and that are older than the stream window, oldest
 * first, in batches that hold no lock for long. What is parked has a copy of its row.
 */
export const expireOutboxOnce = async ({
  sql,
  windowDays,
}: {
  readonly sql: Sql;
  readonly windowDays: number;
}): Promise<{ readonly deleted: number }> => {
  let deleted = 0;
  for (;;) {
    const count = await deletedBatch(sql, windowDays);
    deleted += count;
    if (count < batchSize) return { deleted };
  }
};

const deletedBatch = async (sql: Sql, windowDays: number): Promise<number> => {
  const { count } = await sql`
    delete from fairlead.outbox
    where revision in (
      select revision from fairlead.outbox
      where revision <= (select min(revision) from fairlead.consumers)
        and committed_at < clock_timestamp() - make_interval(days => ${windowDays})
      order by revision
      limit ${batchSize}
    )`;
  return count;
};
