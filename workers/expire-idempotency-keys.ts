import type { Sql } from "../src/platform/sql.ts";

const batchSize = 5_000;

/** Forgets idempotency records past their 24 hours, in batches that hold no lock for long. */
export const expireIdempotencyKeysOnce = async (deps: {
  readonly sql: Sql;
}): Promise<{ readonly deleted: number }> => {
  let deleted = 0;
  for (;;) {
    const count = await deletedBatch(deps.sql);
    deleted += count;
    if (count < batchSize) return { deleted };
  }
};

const deletedBatch = async (sql: Sql): Promise<number> => {
  const { count } = await sql`
    delete from fairlead.idempotency_keys
    where (actor, route, key) in (
      select actor, route, key from fairlead.idempotency_keys
      where created_at < clock_timestamp() - interval '24 hours'
      limit ${batchSize}
    )`;
  return count;
};
