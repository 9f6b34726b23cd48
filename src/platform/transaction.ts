import type { PendingQuery, Row } from "postgres";
import { isConnectionLost, type Sql, type Tx } from "./sql.ts";

interface Transaction {
  readonly tx: Tx;
  /**
   * Runs a last statement and commits, in one round trip. What is committed then is what the
   * transaction answers; later statements would be in a transaction of their own.
   */
  commitWith(statement: PendingQuery<Row[]>): Promise<void>;
}

type Mode = "read write" | "isolation level repeatable read read only";

/**
 * Runs `body` in a transaction: committed when it returns, rolled back when it throws.
 *
 * It stands between verbs and `sql.begin` because postgres.js writes to a socket that is gone when a
 * transaction goes on after its connection was lost, and that ends the process (seen with 3.4.9 and
 * pg_terminate_backend). So past that point no statement is sent, and the callback never settles;
 * the caller has got the error by then.
 */
export const inTransaction = <Result>(
  sql: Sql,
  mode: Mode,
  body: (transaction: Transaction) => Promise<Result>,
): Promise<Result> => {
  const { promise, reject, resolve } = Promise.withResolvers<Result>();
  let lost = false;
  let committed = false;
  const transactionOf = (tx: Tx): Transaction => {
    const guarded = ((strings: TemplateStringsArray, ...values: never[]) => {
      if (lost) throw new Error("the connection was lost before this statement");
      return tx(strings, ...values);
    }) as unknown as Tx;
    const commitWith = async (statement: PendingQuery<Row[]>): Promise<void> => {
      // A plain commit would leave none for sql.begin to end, which PostgreSQL logs as a warning.
      await Promise.all([statement.execute(), guarded`commit and chain`.execute()]);
      committed = true;
    };
    return { tx: guarded, commitWith };
  };
  const run = async (tx: Tx): Promise<Result> => {
    try {
      const result = await body(transactionOf(tx));
      if (committed) resolve(result);
      return lost ? await never : result;
    } catch (error) {
      reject(error);
      if (lost || isConnectionLost(error)) return never;
      throw error;
    }
  };
  const fail = (error: unknown): void => {
    lost = true;
    reject(error);
  };
  sql.begin(mode, run).then((result) => resolve(result as Result), fail);
  return promise;
};

const never = new Promise<never>(() => {});
