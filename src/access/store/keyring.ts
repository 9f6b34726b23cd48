import type { Identity } from "../../context.ts";
import { compilePermissions } from "../../permissions/compile-permissions.ts";
import type { Grant } from "../../permissions/grant.ts";
import { builtInRoleActions, type RoleActions } from "../../permissions/roles.ts";
import { bootstrapId } from "./identities.ts";
import type { AccessChanges, AccessPoint, StoredKey } from "./read-access.ts";

/** A key that is not revoked. Its grants are compiled when it is first used. */
export interface KeyRecord {
  readonly id: string;
  readonly hash: Buffer;
  /** Infinity for one that does not expire. */
  readonly expiresAtMs: number;
  readonly stored: StoredKey;
  identity: Identity | undefined;
}

/** The keys and roles that a process knows. */
export interface Keyring {
  point(): AccessPoint;
  /** Takes in what was read from a point on; answers whether anything was new. */
  apply(changes: AccessChanges, since: AccessPoint): boolean;
  find(id: string): KeyRecord | undefined;
  /** Whether the id is a key's, also a revoked one's. */
  knows(id: string): boolean;
  /** The bootstrap administrator, unless the key with this hash was revoked. */
  bootstrap(hash: Buffer): KeyRecord | undefined;
  isCurrent(record: KeyRecord): boolean;
  identityOf(record: KeyRecord): Identity;
}

const noHash = Buffer.alloc(32);

export const createKeyring = (): Keyring => {
  const records = new Map<string, KeyRecord>();
  const revoked = new Map<string, StoredKey>();
  let roleActions: RoleActions = builtInRoleActions;
  let point: AccessPoint = { epoch: "", version: -1 };

  const keep = (stored: StoredKey): void => {
    records.delete(stored.id);
    revoked.delete(stored.id);
    if (stored.revoked) revoked.set(stored.id, stored);
    else records.set(stored.id, toRecord(stored));
  };

  const apply: Keyring["apply"] = (changes, since) => {
    if (changes.roles === null || changes.keys === null) return false;
    if (point !== since && !isNewer(changes, point)) return false;
    if (changes.whole) {
      records.clear();
      revoked.clear();
    }
    roleActions = new Map([
      ...builtInRoleActions,
      ...changes.roles.map(({ actions, name }) => [name, actions] as const),
    ]);
    // A role may have changed, so what was compiled with it may be wrong.
    for (const record of records.values()) record.identity = undefined;
    for (const stored of changes.keys) keep(stored);
    point = { epoch: changes.epoch, version: changes.version };
    return true;
  };

  const bootstrap = (hash: Buffer): KeyRecord | undefined => {
    const record = records.get(bootstrapId);
    if (record !== undefined) return record;
    const stored = revoked.get(bootstrapId);
    // A new key in the settings is how an operator gets back in after the old one was revoked.
    if (stored === undefined || stored.hash === hash.toString("hex")) return undefined;
    const renewed = toRecord({ ...stored, revoked: false });
    records.set(bootstrapId, renewed);
    return renewed;
  };

  return {
    point: () => point,
    apply,
    bootstrap,
    find: (id) => records.get(id),
    knows: (id) => records.has(id) || revoked.has(id),
    isCurrent: (record) => records.get(record.id) === record,
    identityOf: (record) => {
      record.identity ??= toIdentity(record, roleActions);
      return record.identity;
    },
  };
};

/** Where another answer came first, what is older must not bring a revoked key back. */
const isNewer = (changes: AccessPoint, point: AccessPoint): boolean =>
  changes.epoch === point.epoch && changes.version > point.version;

const toRecord = (stored: StoredKey): KeyRecord => ({
  id: stored.id,
  hash: stored.hash === null ? noHash : Buffer.from(stored.hash, "hex"),
  expiresAtMs: stored.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(stored.expiresAt),
  stored,
  identity: undefined,
});

const toIdentity = ({ id, stored }: KeyRecord, roleActions: RoleActions): Identity => ({
  actor: { type: "key", id },
  authentication: id === bootstrapId ? "bootstrap-key" : "api-key",
  name: stored.name,
  permissions: compilePermissions(JSON.parse(stored.grants) as Grant[], roleActions),
  defaults: { app: stored.defaultApp, environment: stored.defaultEnvironment },
  expiresAt: stored.expiresAt?.replace("+00:00", "Z") ?? null,
});
