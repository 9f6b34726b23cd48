import type { Grant } from "../../permissions/grant.ts";
import type { Json } from "../../platform/json.ts";
import { toPublicScope } from "../../platform/names.ts";
import type { Sql, Tx } from "../../platform/sql.ts";

/** A key as it is shown: everything but the key. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly state: KeyState;
  readonly grants: readonly Grant[];
  readonly defaults: { readonly app: string | null; readonly environment: string | null };
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
}

export type KeyState = "active" | "expired" | "revoked";

export interface KeyRow extends Omit<ApiKey, "defaults"> {
  readonly defaultApp: string;
  readonly defaultEnvironment: string;
}

export const toApiKey = ({ defaultApp, defaultEnvironment, ...row }: KeyRow): ApiKey => ({
  ...row,
  defaults: { app: toPublicScope(defaultApp), environment: toPublicScope(defaultEnvironment) },
});

/** For audit rows. */
export const toJson = (key: ApiKey): Json => JSON.parse(JSON.stringify(key)) as Json;

/** What `toApiKey` needs of `fairlead.api_keys k`. */
export const keyColumns = (sql: Sql | Tx) => sql`
  k.id, k.name, k.grants, k.default_app as "defaultApp",
  k.default_environment as "defaultEnvironment", k.created_at as "createdAt",
  k.created_by as "createdBy", k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt",
  k.revoked_at as "revokedAt", k.revoked_by as "revokedBy",
  case
    when k.revoked_at is not null then 'revoked'
    when k.expires_at <= clock_timestamp() then 'expired'
    else 'active'
  end as state`;
