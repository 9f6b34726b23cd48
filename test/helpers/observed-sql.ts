import type { Sql } from "../../src/platform/sql.ts";

export interface ObservedSql {
  readonly sql: Sql;
  /** Statements that were begun, and the most that were under way at one time. */
  begun(): number;
  mostAtOnce(): number;
}

/** A handle that counts the statements which run on it. */
export const observeSql = (sql: Sql): ObservedSql => {
  let begun = 0;
  let underWay = 0;
  let most = 0;
  const observed = new Proxy(sql, {
    apply: (target, _this, parameters: Parameters<Sql>) => {
      const query = target(...parameters);
      const { then } = query;
      let counted = false;
      // A fragment is never waited for, only what runs is.
      query.then = (...handlers) => {
        if (!counted) {
          counted = true;
          begun += 1;
          underWay += 1;
          most = Math.max(most, underWay);
          const done = (): void => void (underWay -= 1);
          void Promise.prototype.then.call(query, done, done);
        }
        return then.apply(query, handlers);
      };
      return query;
    },
  });
  return { sql: observed, begun: () => begun, mostAtOnce: () => most };
};
