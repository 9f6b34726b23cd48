import { timingSafeEqual } from "node:crypto";
import type { Identity } from "../../context.ts";
import { Problem } from "../../errors.ts";
import { type Sql, unavailable } from "../../platform/sql.ts";
import { anonymous } from "./identities.ts";
import { hashKey, keyIdOf } from "./key-text.ts";
import { createKeyring, type KeyRecord } from "./keyring.ts";
import { createLastUses } from "./last-uses.ts";
import { readAccess } from "./read-access.ts";

/** What a process knows of keys and roles, and how it tells who sends a request. */
export interface AccessStore {
  /**
   * Who presents a key; without one somebody anonymous. Answers at once where what is known is fresh.
   *
   * @throws Problem `UNAUTHENTICATED`, `UNAVAILABLE` (what is known is older than the staleness allowed)
   */
  identify(sql: Sql, presented: string | undefined): Identity | Promise<Identity>;
  /** Learns what has changed, and writes down which keys were used. Calls at one time share one query. */
  syncOnce(sql: Sql): Promise<{ readonly changed: boolean }>;
  /** Hash of the bootstrap administrator's key. */
  readonly bootstrapHash: Buffer;
}

interface AccessStoreOptions {
  readonly bootstrapKey: string;
  /** How long a process that has lost PostgreSQL goes on with what it knows. */
  readonly stalenessMs: number;
  /** Past this age, what is known is confirmed before it is used. A process that polls never needs to. */
  readonly confirmAfterMs: number;
  /** Never goes back. */
  readonly nowMs?: () => number;
}

/** For how long a verified key is not hashed again, and how many of them are remembered. */
const rememberedMs = 10_000;
const maxRemembered = 10_000;

const syncTimeoutMs = 3_000;

interface Remembered {
  readonly record: KeyRecord;
  readonly untilMs: number;
}

export const createAccessStore = (options: AccessStoreOptions): AccessStore => {
  const { confirmAfterMs, stalenessMs, nowMs = () => performance.now() } = options;
  const bootstrapHash = hashKey(options.bootstrapKey);
  const keyring = createKeyring();
  const lastUses = createLastUses();
  const remembered = new Map<string, Remembered>();
  /** When what is known was last known to be current. */
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  let syncing: Promise<{ changed: boolean }> | undefined;

  const sync = async (sql: Sql): Promise<{ changed: boolean }> => {
    const startedMs = nowMs();
    const changed = keyring.apply(await withDeadline(readAccess(sql, keyring.point())));
    confirmedAtMs = Math.max(confirmedAtMs, startedMs);
    await lastUses.flushOnce(sql, startedMs);
    return { changed };
  };

  const syncOnce: AccessStore["syncOnce"] = (sql) => {
    syncing ??= sync(sql).finally(() => {
      syncing = undefined;
    });
    return syncing;
  };

  /** A query that is under way may have begun before the key was made, so it is followed by another. */
  const syncAnew = async (sql: Sql): Promise<void> => {
    await syncing?.catch(() => {});
    await syncOnce(sql);
  };

  const find = (presented: string, hash: Buffer): KeyRecord | undefined => {
    if (timingSafeEqual(hash, bootstrapHash)) return keyring.bootstrap(bootstrapHash);
    const id = keyIdOf(presented);
    const record = id === undefined ? undefined : keyring.find(id);
    return record !== undefined && timingSafeEqual(hash, record.hash) ? record : undefined;
  };

  const admit = (presented: string, record: KeyRecord | undefined): Identity => {
    if (record === undefined || record.expiresAtMs <= Date.now()) throw unknownKey();
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(presented, { record, untilMs: nowMs() + rememberedMs });
    lastUses.note(record.id, Date.now());
    return keyring.identityOf(record);
  };

  const verify = (sql: Sql, presented: string): Identity | Promise<Identity> => {
    const hash = hashKey(presented);
    const record = find(presented, hash);
    if (record !== undefined || !mayBeNew(presented)) return admit(presented, record);
    return syncAnew(sql).then(
      () => admit(presented, find(presented, hash)),
      (error: unknown) => {
        throw unavailable(error);
      },
    );
  };

  /** A key of the right form that is not known may have been made a moment ago, elsewhere. */
  const mayBeNew = (presented: string): boolean => {
    const id = keyIdOf(presented);
    return id !== undefined && !keyring.knows(id);
  };

  const lookUp = (sql: Sql, presented: string): Identity | Promise<Identity> => {
    const hit = remembered.get(presented);
    if (hit === undefined) return verify(sql, presented);
    const { record, untilMs } = hit;
    // A record is replaced when its key changes, so an old one is no longer current.
    if (untilMs > nowMs() && keyring.isCurrent(record) && record.expiresAtMs > Date.now()) {
      return keyring.identityOf(record);
    }
    remembered.delete(presented);
    return verify(sql, presented);
  };

  return {
    bootstrapHash,
    syncOnce,
    identify(sql, presented) {
      if (presented === undefined) return anonymous;
      const ageMs = nowMs() - confirmedAtMs;
      if (ageMs <= confirmAfterMs) return lookUp(sql, presented);
      return confirmed(syncOnce(sql), ageMs <= stalenessMs).then(() => lookUp(sql, presented));
    },
  };
};

/** A connection that swallows bytes must not hold up those who wait. */
const withDeadline = async <Result>(reading: Promise<Result>): Promise<Result> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new Problem("UNAVAILABLE", "The database does not answer.");
  const timer = setTimeout(() => reject(late), syncTimeoutMs);
  try {
    return await Promise.race([reading, promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** What cannot be confirmed is used as long as it is not too old. */
const confirmed = async (syncing: Promise<unknown>, isUsable: boolean): Promise<void> => {
  try {
    await syncing;
  } catch (error) {
    if (!isUsable) throw unavailable(error);
  }
};

/** The same whatever is wrong with a key: nobody learns which keys there are or were. */
const unknownKey = (): Problem =>
  new Problem("UNAUTHENTICATED", "The API key is not known here, has expired or was revoked.", {
    headers: { "www-authenticate": 'Bearer realm="fairlead", error="invalid_token"' },
  });
