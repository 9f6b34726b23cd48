import type { AccessSource, SourcedAccess } from "../access/store/access-sync.ts";
import { type AccessPoint, readAccess } from "../access/store/read-access.ts";
import { Problem } from "../errors.ts";

/** What a head authority tells of keys and roles; undefined before any were published to it. */
export interface AccessReader {
  readAccess(known: AccessPoint): Promise<SourcedAccess | undefined>;
}

/**
 * Keys and roles as an edge has them. A key that is not known may have been made a moment ago: where
 * there is a database, that is asked before it is refused.
 */
export const edgeAccess = (authority: AccessReader, hasDatabase: boolean): AccessSource => ({
  takesUses: hasDatabase,
  async changes(sql, known, isAnew) {
    const told = isAnew && hasDatabase ? undefined : await authority.readAccess(known);
    if (told === undefined) {
      if (hasDatabase) return readAccess(sql, known);
      throw new Problem("UNAVAILABLE", "No keys have been published to this edge yet.");
    }
    const isBehind = told.epoch === known.epoch && told.version < known.version;
    return isBehind ? { ...told, ...known, roles: null, keys: null, whole: false } : told;
  },
});
