import type { Sql } from "../../platform/sql.ts";

/** When keys were last used, written down now and then: a read must not cost a write. */
export interface LastUses {
  note(id: string, atMs: number): void;
  /** Writes what has been noted, at most every half minute. */
  flushOnce(sql: Sql, nowMs: number): Promise<{ readonly written: number }>;
}

const flushEveryMs = 30_000;

export const createLastUses = (): LastUses => {
  let noted = new Map<string, number>();
  let flushedAtMs = Number.NEGATIVE_INFINITY;
  return {
    note: (id, atMs) => {
      noted.set(id, atMs);
    },
    async flushOnce(sql, nowMs) {
      if (noted.size === 0 || nowMs - flushedAtMs < flushEveryMs) return { written: 0 };
      flushedAtMs = nowMs;
      const uses = [...noted].map(([id, atMs]) => ({ id, at: new Date(atMs).toISOString() }));
      noted = new Map();
      // A use that could not be written down is noted anew at the next one.
      await writeUses(sql, uses);
      return { written: uses.length };
    },
  };
};

const writeUses = (sql: Sql, uses: readonly { readonly id: string; readonly at: string }[]) => sql`
  update fairlead.api_keys k set last_used_at = used.at
  from json_to_recordset(${JSON.stringify(uses)}::text::json) as used(id text, at timestamptz)
  where k.id = used.id and (k.last_used_at is null or k.last_used_at < used.at)`;
