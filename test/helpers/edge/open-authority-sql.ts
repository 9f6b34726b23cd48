import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { AuthoritySql } from "../../../src/edge/authority/authority-sql.ts";

/** The storage of a head authority, on real SQLite in the memory of this process. */
export const openAuthoritySql = (): AuthoritySql => {
  const database = new DatabaseSync(":memory:");
  const statements = new Map<string, StatementSync>();
  return {
    exec(query, ...parameters) {
      const known = statements.get(query);
      const statement = known ?? database.prepare(query);
      if (known === undefined) statements.set(query, statement);
      // A row of a Durable Object takes 2 MB.
      for (const one of parameters) {
        if (typeof one === "string" && Buffer.byteLength(one) > 2_000_000) {
          throw new Error("string or blob too big: SQLITE_TOOBIG");
        }
      }
      return statement.all(...parameters) as never[];
    },
    transactionSync(body) {
      if (database.isTransaction) return body();
      database.exec("begin");
      try {
        const result = body();
        database.exec("commit");
        return result;
      } catch (error) {
        database.exec("rollback");
        throw error;
      }
    },
  };
};
