import { connectSql, type Sql } from "../../../src/platform/sql.ts";
import type { StoredChange, StoredEntry, StoreRecord } from "./history.ts";

const aside = async <Result>(url: string, use: (sql: Sql) => Promise<Result>): Promise<Result> => {
  const sql = connectSql(url, { max: 1, name: "aside" });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

/** What the store holds before a history begins. */
export const readBase = (url: string): Promise<StoreRecord["base"]> =>
  aside(url, async (sql) => {
    const [row] = await sql<
      { revision: number; entries: (StoredEntry & { value: string | null })[] }[]
    >`
      select d.revision, (
        select coalesce(json_agg(found), '[]') from (
          select app, environment, key, version, value #>> '{}' as value from fairlead.entries
        ) found
      ) as entries from fairlead.deployment d`;
    return { revision: row?.revision ?? 0, entries: (row?.entries ?? []).map(withoutNull) };
  });

/** What it holds afterwards. */
export const readStore = (url: string, base: StoreRecord["base"]): Promise<StoreRecord> =>
  aside(url, async (sql) => {
    const [row] = await sql<
      { newest: number; revisions: number[]; log: (StoredChange & { value: string | null })[] }[]
    >`
      select
        d.revision as newest,
        (
          select coalesce(json_agg(revision order by revision), '[]') from fairlead.change_sets
          where revision > ${base.revision}
        ) as revisions,
        (
          select coalesce(json_agg(found), '[]') from (
            select revision, app, environment, key, version, value #>> '{}' as value
            from fairlead.entry_versions where revision > ${base.revision}
            order by revision
          ) found
        ) as log
      from fairlead.deployment d`;
    if (row === undefined) throw new Error("the store is empty");
    return { base, newest: row.newest, revisions: row.revisions, log: row.log.map(withoutNull) };
  });

const withoutNull = <Entry extends StoredEntry>({
  value,
  ...entry
}: Entry & { value: string | null }): Entry =>
  (value === null ? entry : { ...entry, value }) as Entry;
