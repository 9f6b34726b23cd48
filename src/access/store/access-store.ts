import { timingSafeEqual } from "node:crypto";
import type { Identity } from "../../context.ts";
import { Problem } from "../../errors.ts";
import { type Sql, unavailable } from "../../platform/sql.ts";
import {
  type AccessSource,
  type AccessSync,
  createAccessSync,
  sqlAccessSource,
} from "./access-sync.ts";
import { anonymous, bootstrapId } from "./identities.ts";
import { hashKey, keyIdOf } from "./key-text.ts";
import { createKeyring, type KeyRecord, type Keyring } from "./keyring.ts";
import { createLastUses, type LastUses } from "./last-uses.ts";
import { createRememberedKeys } from "./remembered-keys.ts";

/** What a process knows of keys and roles, and how it tells who sends a request. */
export interface AccessStore extends AccessSync {
  /**
   * Who presents a key; without one somebody anonymous. Answers at once where what is known is fresh.
   *
   * @throws Problem `UNAUTHENTICATED`, `UNAVAILABLE` (what is known is older than the staleness allowed)
   */
  identify(sql: Sql, presented: string | undefined): Identity | Promise<Identity>;
  /** Who presents a key that was verified within the last seconds: needs no hash, and asks nobody. */
  remembered(presented: string): Identity | undefined;
  /**
   * Who holds a key now: for what was begun with it, and goes on without it. Fails as `identify` does.
   */
  holderOf(sql: Sql, keyId: string): Identity | Promise<Identity>;
  /** Hash of the bootstrap administrator's key. */
  readonly bootstrapHash: Buffer;
}

interface AccessStoreOptions {
  readonly bootstrapKey: string;
  /** How long a process that has lost PostgreSQL goes on with what it knows. */
  readonly stalenessMs: number;
  /** Past this age, what is known is confirmed before it is used. A process that polls never needs to. */
  readonly confirmAfterMs: number;
  readonly source?: AccessSource;
  /** Never goes back. */
  readonly nowMs?: () => number;
}

export const createAccessStore = (options: AccessStoreOptions): AccessStore => {
  const { confirmAfterMs, source = sqlAccessSource, stalenessMs } = options;
  const { nowMs = () => performance.now() } = options;
  const bootstrapHash = hashKey(options.bootstrapKey);
  const keyring = createKeyring();
  const lastUses = createLastUses();
  const sync = createAccessSync({ keyring, lastUses, nowMs, source });
  const remembered = createRememberedKeys(keyring, nowMs);

  const find = (presented: string, hash: Buffer): KeyRecord | undefined =>
    timingSafeEqual(hash, bootstrapHash)
      ? keyring.bootstrap(bootstrapHash)
      : findRecord(keyring, presented, hash);

  const admit = (presented: string, record: KeyRecord | undefined): Identity => {
    if (record === undefined || record.expiresAtMs <= Date.now()) throw unknownKey();
    remembered.keep(presented, record);
    lastUses.note(record.id, Date.now());
    return keyring.identityOf(record);
  };

  const verify = (sql: Sql, presented: string): Identity | Promise<Identity> => {
    const hash = hashKey(presented);
    const record = find(presented, hash);
    if (record !== undefined || !mayBeNew(keyring, presented)) return admit(presented, record);
    const again = (): Identity => admit(presented, find(presented, hash));
    return sync.syncAnew(sql).then(again, (error: unknown) => {
      // The process may have learned of it meanwhile, on a connection that answers.
      if (find(presented, hash) === undefined) throw unavailable(error);
      return again();
    });
  };

  const lookUp = (sql: Sql, presented: string): Identity | Promise<Identity> =>
    remembered.find(presented) ?? verify(sql, presented);

  const confirm = (sql: Sql): Promise<void> =>
    confirmed(sync.syncOnce(sql), () => sync.ageMs() <= stalenessMs);
  const recall = (sql: Sql, keyId: string) =>
    recallHolder({ bootstrapHash, keyring, lastUses, sync }, sql, keyId);

  return {
    ...sync,
    bootstrapHash,
    remembered: (presented) =>
      sync.ageMs() <= confirmAfterMs ? remembered.find(presented) : undefined,
    identify(sql, presented) {
      if (presented === undefined) return anonymous;
      if (sync.ageMs() <= confirmAfterMs) return lookUp(sql, presented);
      return confirm(sql).then(() => lookUp(sql, presented));
    },
    holderOf: (sql, keyId) =>
      sync.ageMs() <= confirmAfterMs
        ? recall(sql, keyId)
        : confirm(sql).then(() => recall(sql, keyId)),
  };
};

const findRecord = (keyring: Keyring, presented: string, hash: Buffer): KeyRecord | undefined => {
  const id = keyIdOf(presented);
  const record = id === undefined ? undefined : keyring.find(id);
  return record !== undefined && timingSafeEqual(hash, record.hash) ? record : undefined;
};

/** A key of the right form that is not known may have been made a moment ago, elsewhere. */
const mayBeNew = (keyring: Keyring, presented: string): boolean => {
  const id = keyIdOf(presented);
  return id !== undefined && !keyring.knows(id);
};

interface KnownKeys {
  readonly bootstrapHash: Buffer;
  readonly keyring: Keyring;
  readonly lastUses: LastUses;
  readonly sync: AccessSync;
}

const recallHolder = (
  { bootstrapHash, keyring, lastUses, sync }: KnownKeys,
  sql: Sql,
  keyId: string,
): Identity | Promise<Identity> => {
  const recall = (): Identity => {
    const record = keyId === bootstrapId ? keyring.bootstrap(bootstrapHash) : keyring.find(keyId);
    if (record === undefined || record.expiresAtMs <= Date.now()) throw unknownKey();
    lastUses.note(record.id, Date.now());
    return keyring.identityOf(record);
  };
  return keyring.knows(keyId) ? recall() : sync.syncAnew(sql).then(recall, asUnavailable);
};

const asUnavailable = (error: unknown): never => {
  throw unavailable(error);
};

/** What cannot be confirmed is used as long as it is not too old. */
const confirmed = async (syncing: Promise<unknown>, isUsable: () => boolean): Promise<void> => {
  try {
    await syncing;
  } catch (error) {
    if (!isUsable()) throw unavailable(error);
  }
};

/** The same whatever is wrong with a key: nobody learns which keys there are or were. */
export const unknownKey = (): Problem =>
  new Problem("UNAUTHENTICATED", "The API key is not known here, has expired or was revoked.", {
    headers: { "www-authenticate": 'Bearer realm="fairlead", error="invalid_token"' },
  });
