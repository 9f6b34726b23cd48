import { compilePermissions, type Permissions } from "../permissions/compile-permissions.ts";
import type { Grant } from "../permissions/grant.ts";
import type { RoleActions } from "../permissions/roles.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import { readRoleActions } from "./commit-access-change.ts";

/** What a key gives whoever holds it, as it is stored at this moment. */
export interface Holder {
  readonly grants: readonly Grant[];
  readonly permissions: Permissions;
  readonly roleActions: RoleActions;
  /** When it was revoked or expired; null while it counts. */
  readonly endedAt: string | null;
}

interface HolderRow {
  id: string;
  /** Unparsed: many keys have the same, and those are compiled once. */
  grants: string;
  endedAt: string | null;
}

/**
 * Keys with what they permit, by their ids: for work that goes on in a key's name without a request, and
 * where no process keeps keys in memory.
 */
export const readHolders = async (
  sql: Sql | Tx,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Holder>> => {
  if (ids.length === 0) return new Map();
  const roleActions = await readRoleActions(sql);
  const compiled = new Map<string, Pick<Holder, "grants" | "permissions">>();
  const compile = (text: string): Pick<Holder, "grants" | "permissions"> => {
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const grants = JSON.parse(text) as Grant[];
    const made = { grants, permissions: compilePermissions(grants, roleActions) };
    compiled.set(text, made);
    return made;
  };
  const rows = await holderRows(sql, ids);
  return new Map(
    rows.map(({ endedAt, grants, id }) => [id, { ...compile(grants), roleActions, endedAt }]),
  );
};

const holderRows = (sql: Sql | Tx, ids: readonly string[]) => sql<HolderRow[]>`
  select
    k.id, k.grants::text as grants,
    case
      when k.revoked_at is not null then k.revoked_at
      when k.expires_at <= clock_timestamp() then k.expires_at
    end as "endedAt"
  from fairlead.api_keys k
  where k.id in (select json_array_elements_text(${JSON.stringify(ids)}::text::json))`;
