import { Problem } from "../errors.ts";
import type { Sql, Tx } from "../platform/sql.ts";

/**
 * The revision that a `revision or time` stands for: a revision that exists, or the newest one
 * committed at or before a time (0 before the first).
 *
 * @throws Problem `NOT_FOUND` for a revision that has not been reached
 */
export const resolveRevision = async (sql: Sql | Tx, at: number | string): Promise<number> => {
  if (typeof at === "string") return revisionAtTime(sql, at);
  const current = await currentRevision(sql);
  if (at <= current) return at;
  throw new Problem("NOT_FOUND", `There is no revision ${at}; the newest is ${current}.`);
};

const currentRevision = async (sql: Sql | Tx): Promise<number> => {
  const [row] = await sql<{ revision: number }[]>`select revision from fairlead.deployment`;
  return row?.revision ?? 0;
};

const revisionAtTime = async (sql: Sql | Tx, time: string): Promise<number> => {
  const [row] = await sql<{ revision: number }[]>`
    select coalesce(max(revision), 0)::bigint as revision
    from fairlead.change_sets
    where committed_at <= ${time}::timestamptz`;
  return row?.revision ?? 0;
};
