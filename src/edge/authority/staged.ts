import { Problem } from "../../errors.ts";
import type { AuthoritySql } from "./authority-sql.ts";

/** What a publisher that died leaves behind goes with the next part of another one. */
const keptMs = 600_000;

/** Of all that is staged, in characters: an isolate has 128 MB. */
const maxStaged = 24 * 1024 * 1024;

interface StagedPart {
  readonly id: string;
  readonly part: number;
  readonly text: string;
}

/** Keeps a part of an operation that is too large for one request. */
export const stagePart = (sql: AuthoritySql, { id, part, text }: StagedPart, nowMs: number): void =>
  sql.transactionSync(() => {
    sql.exec("delete from staged where at_ms < ?", nowMs - keptMs);
    const [total] = sql.exec<{ size: number }>(
      "select coalesce(sum(length(text)), 0) as size from staged where id <> ? or part <> ?",
      id,
      part,
    );
    if ((total?.size ?? 0) + text.length > maxStaged) {
      throw new Problem("TOO_LARGE", `An operation has at most ${maxStaged} characters.`);
    }
    sql.exec(
      "insert or replace into staged (id, part, at_ms, text) values (?, ?, ?, ?)",
      id,
      part,
      nowMs,
      text,
    );
  });

/** An operation whose parts are all there; they are no longer kept. */
export const takeStaged = (sql: AuthoritySql, id: string, of: number): string =>
  sql.transactionSync(() => {
    const rows = sql.exec<{ text: string }>(
      "select text from staged where id = ? order by part",
      id,
    );
    if (rows.length !== of)
      throw new Problem("INVALID_INPUT", "Parts are missing: send them anew.");
    sql.exec("delete from staged where id = ?", id);
    return rows.map(({ text }) => text).join("");
  });
