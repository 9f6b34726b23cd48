import { isConnectionLost, type Sql, type Tx } from "./sql.ts";

type Mode = "read write" | "isolation level repeatable read read only";

const never = new Promise<never>(() => {});

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
  body: (tx: Tx) => Promise<Result>,
): Promise<Result> => {
  const { promise, reject, resolve } = Promise.withResolvers<Result>();
  let lost = false;
  const run = async (tx: Tx): Promise<Result> => {
    const guarded = ((strings: TemplateStringsArray, ...values: never[]) => {
      if (lost) throw new Error("the connection was lost before this statement");
      return tx(strings, ...values);
    }) as unknown as Tx;
    try {
      const result = await body(guarded);
      return lost ? await never : result;
    } catch (error) {
      reject(error);
      if (lost || isConnectionLost(error)) return never;
      throw error;
    }
  };
  sql.begin(mode, run).then(
    (result) => resolve(result as Result),
    (error: unknown) => {
      lost = true;
      reject(error);
    },
  );
  return promise;
};
