import type { AccessPoint } from "../../access/store/read-access.ts";
import type { CachePoint } from "../../layers/cache/layer-cache.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import { type Owed, readState, writeState } from "./state.ts";

const noFill = { number: 0, owed: [] };

const fillOf = (sql: AuthoritySql) => readState(sql, "fill") ?? noFill;

/** Counts the times that publishers began anew. */
export const fillNumber = (sql: AuthoritySql): number => fillOf(sql).number;

const isOwed = (sql: AuthoritySql, what: Owed): boolean => fillOf(sql).owed.includes(what);

/** Where layers stand for publishers: nowhere while they are to be filled anew. */
export const publishedPoint = (sql: AuthoritySql): CachePoint | undefined =>
  isOwed(sql, "layers") ? undefined : readState(sql, "point");

/** The same of keys and roles. */
export const publishedAccess = (sql: AuthoritySql): AccessPoint | undefined =>
  isOwed(sql, "access") ? undefined : readState(sql, "access");

/** Whether layers are not all there, or are published anew. */
export const isFilling = (sql: AuthoritySql): boolean => publishedPoint(sql) === undefined;

/**
 * Makes publishers see an empty authority, so that they publish everything anew, while readers are
 * served what there was until it is there. One that is under way goes on: what it has put counts.
 */
export const beginFill = (sql: AuthoritySql): void =>
  sql.transactionSync(() => {
    const { number } = fillOf(sql);
    const anew = isFilling(sql) ? number : number + 1;
    writeState(sql, "fill", { number: anew, owed: ["layers", "access"] });
  });

export const endFill = (sql: AuthoritySql, what: Owed): void => {
  const { number, owed } = fillOf(sql);
  if (owed.includes(what)) {
    writeState(sql, "fill", { number, owed: owed.filter((one) => one !== what) });
  }
};
