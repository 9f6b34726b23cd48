import type { Sql, Tx } from "../platform/sql.ts";

/**
 * Joins an entry `e` with what its current version `v` holds; a tombstone's holds nothing. Lateral,
 * so that the look-up goes by the whole primary key: a plan for a young table would read every
 * version of an entry and filter.
 */
export const currentVersion = (sql: Sql | Tx) => sql`
  cross join lateral (
    select version.value, version.schema, version.description, version.merge
    from fairlead.entry_versions version
    where version.app = e.app and version.environment = e.environment and version.key = e.key
      and version.kind = e.kind and version.version = e.version
    limit 1
  ) v`;
