import { edgeConsumerPrefix } from "../src/edge/edge-name.ts";
import type { Sql } from "../src/platform/sql.ts";

interface ForgetOptions {
  readonly sql: Sql;
  /** The consumers of the edges that are configured here. */
  readonly consumers: readonly string[];
}

/** Whoever publishes to an edge moves its cursor, or notes why not, far more often than this. */
const silentHours = 24;

/**
 * Removes the consumers of edges that are no longer configured, since the outbox keeps what any consumer
 * has not passed. Another process may have an edge configured that this one has not: then its cursor is
 * at the newest revision, or was moved or tried within the day. A consumer that is removed all the same
 * begins anew where its edge stands.
 */
export const forgetEdgesOnce = async ({
  consumers,
  sql,
}: ForgetOptions): Promise<{ readonly forgotten: readonly string[] }> => {
  const rows = await sql<{ name: string }[]>`
    delete from fairlead.consumers c
    using fairlead.deployment d
    where starts_with(c.name, ${edgeConsumerPrefix}) and c.kind = 'state'
      and c.name not in (select json_array_elements_text(${JSON.stringify(consumers)}::text::json))
      and (c.epoch <> d.epoch or c.revision < d.revision)
      and coalesce(c.lease_expires_at, c.updated_at) < clock_timestamp()
      and greatest(c.updated_at, c.last_error_at)
        < clock_timestamp() - make_interval(hours => ${silentHours})
    returning c.name`;
  return { forgotten: rows.map(({ name }) => name) };
};
