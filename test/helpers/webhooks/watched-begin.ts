import type { Sql } from "../../../src/platform/sql.ts";

const begins = "set state = 'sending'";

/** A database handle of which the test sees every beginning of attempts after it was done. */
export const watchedBegin = (sql: Sql, afterwards: () => Promise<void>): Sql =>
  new Proxy(sql, {
    apply(target, self, [strings, ...values]) {
      const query = Reflect.apply(target, self, [strings, ...values]);
      if (!Array.isArray(strings) || !strings.join("").includes(begins)) return query;
      return (async () => {
        const rows = await query;
        await afterwards();
        return rows;
      })();
    },
  });
