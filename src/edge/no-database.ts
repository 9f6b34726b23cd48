import { Problem } from "../errors.ts";
import type { Sql } from "../platform/sql.ts";

/** Stands where a process has no database: whatever is asked of it fails, and is told of. */
export const noDatabase = (onAsked: () => void = () => {}): Sql =>
  new Proxy(() => {}, {
    apply: () => refuse(onAsked),
    get: () => () => refuse(onAsked),
  }) as unknown as Sql;

const refuse = (onAsked: () => void): never => {
  onAsked();
  throw new Problem("UNAVAILABLE", "This edge has no database, and its origin does not answer.", {
    headers: { "retry-after": "1" },
  });
};
