import type { KnownAccess } from "../../access/store/access-sync.ts";
import type { AccessChanges, StoredKey, StoredRole } from "../../access/store/read-access.ts";

/** Hashes and grants, never a key, and when they were last known to be current. */
export interface AccessFile extends AccessChanges {
  readonly confirmedAtMs: number;
}

/** Of another format nothing is read. */
const format = 1;

interface Head {
  readonly format: number;
  readonly epoch: string;
  readonly version: number;
  readonly confirmedAtMs: number;
  readonly roles: readonly StoredRole[];
}

export const toAccessFile = ({ ageMs, ...known }: KnownAccess): AccessFile => ({
  ...known,
  confirmedAtMs: Date.now() - ageMs,
});

export function* accessLines(file: AccessFile): Generator<Head | StoredKey> {
  const { confirmedAtMs, epoch, keys, roles, version } = file;
  yield { format, epoch, version, confirmedAtMs, roles: roles ?? [] };
  yield* keys ?? [];
}

/** Undefined where it is of another format. */
export const parseAccessLines = (lines: readonly unknown[]): AccessFile | undefined => {
  const [first, ...keys] = lines as [Head, ...StoredKey[]];
  if (first?.format !== format) return undefined;
  const { format: _format, ...head } = first;
  return { ...head, keys, whole: true };
};
