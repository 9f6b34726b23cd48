import type { AuthoritySql } from "./authority-sql.ts";

/** Uses a token up; false where it was used before. It is remembered until it is of no use anyway. */
export const useToken = (
  sql: AuthoritySql,
  { id, untilMs }: { readonly id: string; readonly untilMs: number },
  nowMs: number,
): boolean =>
  sql.transactionSync(() => {
    sql.exec("delete from used_tokens where until_ms < ?", nowMs);
    const rows = sql.exec(
      "insert into used_tokens (id, until_ms) values (?, ?) on conflict do nothing returning id",
      id,
      untilMs,
    );
    return rows.length > 0;
  });
