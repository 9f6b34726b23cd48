import type { Sql } from "../../src/platform/sql.ts";

export interface ObservedSql {
  readonly sql: Sql;
  /** Statements that were begun, and the most that were under way at one time. */
  readonly begun: () => number;
  readonly mostAtOnce: () => number;
}

/** A handle that counts the statements which run on it. */
export const observeSql = (sql: Sql): ObservedSql => {
  let begun = 0;
  let underWay = 0;
  let most = 0;
  const end = (): void => void (underWay -= 1);
  const begin = (query: Promise<unknown>): void => {
    begun += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    void Promise.prototype.then.call(query, end, end);
  };
  const observed = new Proxy(sql, {
    apply: (target, _this, parameters: Parameters<Sql>) => {
      const query: Promise<unknown> = target(...parameters);
      const waitFor = query.then.bind(query);
      let isBegun = false;
      // A fragment is never waited for; what is, runs.
      const observedThen = (...handlers: Parameters<typeof waitFor>): Promise<unknown> => {
        if (!isBegun) begin(query);
        isBegun = true;
        return waitFor(...handlers);
      };
      Reflect.set(query, "then", observedThen);
      return query;
    },
  });
  return { sql: observed, begun: () => begun, mostAtOnce: () => most };
};
