import type { EdgeState } from "../operations.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import { fillNumber, isFilling } from "./fills.ts";
import { logBegins } from "./run-log.ts";
import { readState } from "./state.ts";

export const readStatus = (sql: AuthoritySql): EdgeState => {
  const filling = isFilling(sql);
  const [documents] = sql.exec<{ count: number; bytes: number }>(
    `select count(*) as count, coalesce(sum(bytes), 0) as bytes from documents
    where whole_in >= ?`,
    filling ? fillNumber(sql) : 0,
  );
  return {
    point: readState(sql, "point") ?? null,
    access: readState(sql, "access") ?? null,
    isFilling: filling,
    heads: countOf(sql, "heads"),
    documents: documents?.count ?? 0,
    bytes: documents?.bytes ?? 0,
    logAfter: logBegins(sql) ?? null,
    hubs: countOf(sql, "hubs"),
  };
};

const countOf = (sql: AuthoritySql, table: "heads" | "hubs"): number =>
  sql.exec<{ count: number }>(`select count(*) as count from ${table}`)[0]?.count ?? 0;
