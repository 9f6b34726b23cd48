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
      const { count } = await writeUses(sql, uses);
      return { written: count };
    },
  };
};

/** Waits for nobody: processes that write the uses of the same keys would lock each other out. */
const writeUses = (sql: Sql, uses: readonly { readonly id: string; readonly at: string }[]) => sql`
  update fairlead.api_keys k set last_used_at = later.at
  from (
    select k.id, used.at
    from json_to_recordset(${JSON.stringify(uses)}::text::json) as used(id text, at timestamptz)
    join fairlead.api_keys k on k.id = used.id
    where k.last_used_at is null or k.last_used_at < used.at
    for no key update of k skip locked
  ) later
  where k.id = later.id`;
