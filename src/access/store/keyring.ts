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
  /** All that was read, for who begins with it. */
  everything(): AccessChanges;
  isCurrent(record: KeyRecord): boolean;
  identityOf(record: KeyRecord): Identity;
}

const noHash = Buffer.alloc(32);

interface Ring {
  readonly records: Map<string, KeyRecord>;
  readonly revoked: Map<string, StoredKey>;
  roles: NonNullable<AccessChanges["roles"]>;
  roleActions: RoleActions;
  point: AccessPoint;
}

export const createKeyring = (): Keyring => {
  const ring: Ring = {
    records: new Map(),
    revoked: new Map(),
    roles: [],
    roleActions: builtInRoleActions,
    point: { epoch: "", version: -1 },
  };
  const { records, revoked } = ring;
  return {
    point: () => ring.point,
    apply: (changes, since) => apply(ring, changes, since),
    bootstrap: (hash) => bootstrap(ring, hash),
    find: (id) => records.get(id),
    knows: (id) => records.has(id) || revoked.has(id),
    everything: () => everything(ring),
    isCurrent: (record) => records.get(record.id) === record,
    identityOf: (record) => {
      record.identity ??= toIdentity(record, ring.roleActions);
      return record.identity;
    },
  };
};

const keep = ({ records, revoked }: Ring, stored: StoredKey): void => {
  records.delete(stored.id);
  revoked.delete(stored.id);
  if (stored.revoked) revoked.set(stored.id, stored);
  else records.set(stored.id, toRecord(stored));
};

const apply = (ring: Ring, changes: AccessChanges, since: AccessPoint): boolean => {
  const { epoch, keys, roles, version } = changes;
  if (roles === null || keys === null) return false;
  if (ring.point !== since && !isNewer(changes, ring.point)) return false;
  if (changes.whole) {
    ring.records.clear();
    ring.revoked.clear();
  }
  ring.roles = roles;
  ring.roleActions = new Map([
    ...builtInRoleActions,
    ...roles.map(({ actions, name }) => [name, actions] as const),
  ]);
  // A role may have changed, so what was compiled with it may be wrong.
  for (const record of ring.records.values()) record.identity = undefined;
  for (const stored of keys) keep(ring, stored);
  ring.point = { epoch, version };
  return true;
};

const bootstrap = ({ records, revoked }: Ring, hash: Buffer): KeyRecord | undefined => {
  const record = records.get(bootstrapId);
  if (record !== undefined) return record;
  const stored = revoked.get(bootstrapId);
  // A new key in the settings is how an operator gets back in after the old one was revoked.
  if (stored === undefined || stored.hash === hash.toString("hex")) return undefined;
  const renewed = toRecord({ ...stored, revoked: false });
  records.set(bootstrapId, renewed);
  return renewed;
};

/** A bootstrap key that was renewed here is stored as revoked all the same. */
const everything = ({ point, records, revoked, roles }: Ring): AccessChanges => {
  const active = [...records.values()].filter(({ id }) => !revoked.has(id));
  const keys = [...revoked.values(), ...active.map(({ stored }) => stored)];
  return { ...point, roles, keys, whole: true };
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
