import type { Permissions } from "../permissions/compile-permissions.ts";
import type { Sql } from "../platform/sql.ts";

/**
 * The part of a condition that keeps rows out which a reader cannot see anyway: those of other apps
 * and environments than its grants name. What is left is still judged one by one.
 */
export const withinReach = (sql: Sql, permissions: Permissions) => {
  const apps = permissions.onlyApps("entries.read");
  const environments = permissions.onlyEnvironments("entries.read");
  // Names hold no "/".
  return sql`
    ${apps === undefined ? sql`` : sql`and app = any (string_to_array(${apps.join("/")}, '/'))`}
    ${
      environments === undefined
        ? sql``
        : sql`and environment = any (string_to_array(${environments.join("/")}, '/'))`
    }`;
};
