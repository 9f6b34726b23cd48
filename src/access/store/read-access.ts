import type { Action } from "../../permissions/actions.ts";
import type { Sql } from "../../platform/sql.ts";

/** Up to where somebody knows keys and roles; another epoch's versions mean nothing. */
export interface AccessPoint {
  readonly epoch: string;
  readonly version: number;
}

/** A key as it is stored, as far as requests are decided by it. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  /** Hexadecimal; null for the bootstrap administrator's, which is in the settings. */
  readonly hash: string | null;
  /** As JSON: most keys are never used by a process, so they are parsed when they are. */
  readonly grants: string;
  readonly defaultApp: string;
  readonly defaultEnvironment: string;
  readonly expiresAt: string | null;
  readonly revoked: boolean;
}

export interface StoredRole {
  readonly name: string;
  readonly actions: readonly Action[];
}

export interface AccessChanges extends AccessPoint {
  /** Every custom role; null where nothing has changed since. */
  readonly roles: readonly StoredRole[] | null;
  /** The keys that changed since, or all of them where `whole`. */
  readonly keys: readonly StoredKey[] | null;
  readonly whole: boolean;
}

/** What changed of keys and roles after a point, in one statement, so that it is of one snapshot. */
export const readAccess = async (sql: Sql, known: AccessPoint): Promise<AccessChanges> => {
  const [row] = await sql<Omit<AccessChanges, "whole">[]>`
    with state as (
      select
        d.epoch, s.version,
        case
          when d.epoch <> ${known.epoch} or s.version < ${known.version} then -1
          else ${known.version}
        end as since
      from fairlead.access_state s cross join fairlead.deployment d
    )
    select
      state.epoch, state.version,
      case when state.version > state.since then (
        select coalesce(json_agg(json_build_object('name', r.name, 'actions', r.actions)), '[]')
        from fairlead.roles r
      ) end as roles,
      case when state.version > state.since then (
        select coalesce(json_agg(json_build_object(
          'id', k.id, 'name', k.name, 'hash', encode(k.secret_hash, 'hex'), 'grants', k.grants::text,
          'defaultApp', k.default_app, 'defaultEnvironment', k.default_environment,
          'expiresAt', k.expires_at, 'revoked', k.revoked_at is not null
        )), '[]')
        from fairlead.api_keys k where k.access_version > state.since
      ) end as keys
    from state`;
  if (row === undefined) throw new Error("fairlead.access_state has no row");
  const whole = row.epoch !== known.epoch || row.version < known.version;
  return { ...row, whole };
};
