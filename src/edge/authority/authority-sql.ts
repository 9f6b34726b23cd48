/** A value that SQLite stores here. */
export type SqlValue = string | number | null;

/** The part of a Durable Object's SQLite storage that the authority needs; all of it is synchronous. */
export interface AuthoritySql {
  /** One statement with its parameters; answers its rows. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who asks knows the columns
  exec<Row>(query: string, ...parameters: readonly SqlValue[]): readonly Row[];
  /** All that `body` writes, or nothing of it. */
  transactionSync<Result>(body: () => Result): Result;
}
