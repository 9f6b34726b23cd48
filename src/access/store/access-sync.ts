import type { Sql } from "../../platform/sql.ts";
import { withDeadline } from "../../platform/with-deadline.ts";
import type { Keyring } from "./keyring.ts";
import type { LastUses } from "./last-uses.ts";
import { type AccessChanges, type AccessPoint, readAccess } from "./read-access.ts";

/** How a process learns what has changed, and writes down which keys were used. */
export interface AccessSync {
  /** Calls at one time with one handle share one query; those with another one do not wait for it. */
  syncOnce(sql: Sql): Promise<{ readonly changed: boolean }>;
  /** The same with a query that begins after the call: it learns of all that was committed before. */
  syncAnew(sql: Sql): Promise<{ readonly changed: boolean }>;
  /** For how long what is known has not been confirmed. */
  ageMs(): number;
  /** Up to where keys and roles are known. */
  point(): AccessPoint;
  /** All that is known, for a process that cannot ask when it starts. */
  known(): KnownAccess;
  /** Begins with what was known at an earlier time. */
  begin(known: KnownAccess): void;
}

/** Hashes and grants, never a key, and for how long they had not been confirmed. */
export interface KnownAccess extends AccessChanges {
  readonly ageMs: number;
}

interface AccessSyncOptions {
  readonly keyring: Keyring;
  readonly lastUses: LastUses;
  readonly nowMs: () => number;
  readonly source: AccessSource;
}

export interface SourcedAccess extends AccessChanges {
  /** For how long a copy has not been confirmed; absent where it is PostgreSQL that says so. */
  readonly ageMs?: number;
}

/** Where a process learns of keys and roles. */
export interface AccessSource {
  /** What has changed since; `isAnew` where somebody must know what was committed before the call. */
  changes(sql: Sql, known: AccessPoint, isAnew: boolean): Promise<SourcedAccess>;
  /** Whether it can be told which keys were used. */
  readonly takesUses: boolean;
}

/** PostgreSQL itself. */
export const sqlAccessSource: AccessSource = { changes: readAccess, takesUses: true };

const syncTimeoutMs = 3_000;

export const createAccessSync = ({
  keyring,
  lastUses,
  nowMs,
  source,
}: AccessSyncOptions): AccessSync => {
  const underWay = new WeakMap<Sql, Promise<{ changed: boolean }>>();
  let confirmedAtMs = Number.NEGATIVE_INFINITY;

  const sync = async (sql: Sql, isAnew: boolean): Promise<{ changed: boolean }> => {
    const startedMs = nowMs();
    const known = keyring.point();
    const changes = await withDeadline(source.changes(sql, known, isAnew), syncTimeoutMs);
    const changed = keyring.apply(changes, known);
    confirmedAtMs = Math.max(confirmedAtMs, startedMs - (changes.ageMs ?? 0));
    if (source.takesUses) await withDeadline(lastUses.flushOnce(sql, startedMs), syncTimeoutMs);
    return { changed };
  };

  const syncShared = (sql: Sql, isAnew: boolean): Promise<{ changed: boolean }> => {
    const shared = underWay.get(sql);
    if (shared !== undefined) return shared;
    const begun = sync(sql, isAnew).finally(() => underWay.delete(sql));
    underWay.set(sql, begun);
    return begun;
  };

  return {
    syncOnce: (sql) => syncShared(sql, false),
    async syncAnew(sql) {
      await underWay.get(sql)?.catch(() => {});
      return syncShared(sql, true);
    },
    ageMs: () => nowMs() - confirmedAtMs,
    point: () => keyring.point(),
    known: () => ({ ...keyring.everything(), ageMs: nowMs() - confirmedAtMs }),
    begin({ ageMs, ...known }) {
      keyring.apply(known, keyring.point());
      confirmedAtMs = nowMs() - ageMs;
    },
  };
};
