import { generateKey, type NewKey } from "../../src/access/store/key-text.ts";
import type { Action } from "../../src/permissions/actions.ts";
import type { Grant } from "../../src/permissions/grant.ts";
import type { Sql, Tx } from "../../src/platform/sql.ts";

interface KeyRowOptions {
  readonly name?: string;
  readonly grants?: readonly Grant[];
  readonly defaults?: { readonly app: string; readonly environment: string };
  readonly expiresAt?: string;
}

/** Changes keys or roles as another process would: under the version that tells everybody. */
const changeAccess = (
  sql: Sql,
  change: (tx: Tx, version: number) => Promise<unknown>,
): Promise<unknown> =>
  sql.begin(async (tx) => {
    const [row] = await tx<{ version: number }[]>`
      update fairlead.access_state set version = version + 1 returning version`;
    await change(tx, row?.version ?? Number.NaN);
  });

export const insertKey = async (sql: Sql, options: KeyRowOptions = {}): Promise<NewKey> => {
  const { defaults = { app: "", environment: "" }, expiresAt = null, name = "a key" } = options;
  const key = generateKey();
  const grants = JSON.stringify(options.grants ?? [{ role: "viewer", effect: "allow" }]);
  await changeAccess(
    sql,
    (tx, version) => tx`
      insert into fairlead.api_keys
        (id, name, secret_hash, grants, default_app, default_environment, created_at, created_by,
         expires_at, access_version)
      values (
        ${key.id}, ${name}, decode(${key.hash.toString("hex")}, 'hex'), ${grants}::text::json,
        ${defaults.app}, ${defaults.environment}, clock_timestamp(), 'tester',
        ${expiresAt}::timestamptz, ${version}
      )`,
  );
  return key;
};

/** `hash` is what a bootstrap key leaves behind. */
export const revokeKey = (sql: Sql, id: string, hash?: Buffer): Promise<unknown> =>
  changeAccess(
    sql,
    (tx, version) => tx`
      update fairlead.api_keys
      set revoked_at = clock_timestamp(), revoked_by = 'tester', access_version = ${version},
        secret_hash = coalesce(decode(${hash?.toString("hex") ?? null}, 'hex'), secret_hash)
      where id = ${id}`,
  );

/** Makes a role, or gives it other actions; without any it is removed. */
export const setRole = (sql: Sql, name: string, actions: readonly Action[]): Promise<unknown> =>
  changeAccess(sql, async (tx) => {
    await tx`delete from fairlead.roles where name = ${name}`;
    if (actions.length === 0) return;
    await tx`
      insert into fairlead.roles (name, description, actions, created_at, created_by)
      values (
        ${name}, '', string_to_array(${actions.join(" ")}, ' '), clock_timestamp(), 'tester'
      )`;
  });
