import type { AccessChanges, AccessPoint, StoredKey } from "../../access/store/read-access.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import { endFill, publishedAccess } from "./fills.ts";
import { readState, writeState } from "./state.ts";

interface AccessMove {
  /** Where the publisher saw keys and roles stand; undefined where there were none. */
  readonly from: AccessPoint | undefined;
  readonly changes: AccessChanges;
}

interface AccessMoved {
  readonly moved: boolean;
  /** Where they stand now, for publishers. */
  readonly point: AccessPoint | undefined;
}

const isSame = (one: AccessPoint | undefined, other: AccessPoint | undefined): boolean =>
  one?.epoch === other?.epoch && one?.version === other?.version;

/**
 * Takes in keys and roles that were read from where they stand here. What was read from anywhere else
 * may be older than what is here, and could bring a revoked key back: it is refused.
 */
export const moveAccess = (sql: AuthoritySql, { changes, from }: AccessMove): AccessMoved =>
  sql.transactionSync(() => {
    const known = publishedAccess(sql);
    if (!isSame(known, from) || !follows(changes, known)) return { moved: false, point: known };
    const { epoch, keys, roles, version, whole } = changes;
    if (whole) sql.exec("delete from keys");
    for (const key of keys ?? []) {
      sql.exec(
        "insert or replace into keys (id, version, stored) values (?, ?, ?)",
        key.id,
        version,
        JSON.stringify(key),
      );
    }
    if (roles !== null) writeState(sql, "roles", roles);
    const point = { epoch, version };
    writeState(sql, "access", point);
    endFill(sql, "access");
    return { moved: true, point };
  });

const follows = (changes: AccessChanges, known: AccessPoint | undefined): boolean =>
  changes.whole || (changes.epoch === known?.epoch && changes.version > known.version);

/** What changed after a point, as `readAccess` of PostgreSQL tells it; undefined where there is nothing. */
export const readAccess = (sql: AuthoritySql, known: AccessPoint): AccessChanges | undefined => {
  const point = readState(sql, "access");
  if (point === undefined) return undefined;
  const whole = point.epoch !== known.epoch || point.version < known.version;
  const since = whole ? -1 : known.version;
  if (point.version <= since) return { ...point, roles: null, keys: null, whole };
  const rows = sql.exec<{ stored: string }>(
    "select stored from keys where version > ? order by id",
    since,
  );
  return {
    ...point,
    roles: readState(sql, "roles") ?? [],
    keys: rows.map(({ stored }) => JSON.parse(stored) as StoredKey),
    whole,
  };
};
