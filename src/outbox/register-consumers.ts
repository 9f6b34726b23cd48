import type { Sql } from "../platform/sql.ts";
import type { Consumer } from "./consumer.ts";

/**
 * Makes the rows of consumers that have none. A copy begins with nothing; events are delivered from the
 * next one on, since nobody has subscribed to those before.
 */
export const registerConsumers = async (
  sql: Sql,
  consumers: readonly Pick<Consumer, "name" | "kind">[],
): Promise<void> => {
  const names = JSON.stringify(consumers.map(({ kind, name }) => ({ kind, name })));
  await sql`
    insert into fairlead.consumers (name, kind, epoch, revision, updated_at)
    select
      c.name, c.kind, d.epoch, case c.kind when 'event' then d.revision else 0 end,
      clock_timestamp()
    from json_to_recordset(${names}::text::json) as c(name text, kind text)
    cross join fairlead.deployment d
    on conflict on constraint consumers_pk do nothing`;
};
