import type { Json } from "../platform/json.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import type { LayerName } from "./memory/memory-layer.ts";
import type { LayerEntry } from "./resolve.ts";

export interface EntryName extends LayerName {
  readonly key: string;
}

export type NamedEntry = LayerEntry & { readonly kind: string };

interface NamedRow extends Omit<NamedEntry, "schema" | "description"> {
  readonly value: Json;
  readonly isTooMuch: boolean;
}

/**
 * The live ones of these entries, in one statement, without their schemas and descriptions; undefined
 * where their values are more than so many bytes of JSON.
 */
export const readNamedEntries = async (
  sql: Sql | Tx,
  names: readonly EntryName[],
  maxBytes: number,
): Promise<readonly NamedEntry[] | undefined> => {
  if (names.length === 0) return [];
  const rows = await namedRows(sql, names, maxBytes);
  if (rows[0]?.isTooMuch === true) return undefined;
  return rows.map((row) => {
    const { isTooMuch: _, ...entry } = row;
    return { ...entry, schema: undefined, description: undefined };
  });
};

const namedRows = (sql: Sql | Tx, names: readonly EntryName[], maxBytes: number) => sql<NamedRow[]>`
  with found as materialized (
    select
      e.id, e.kind, e.app, e.environment, e.key, e.version, e.revision, e.merge, e.value,
      octet_length(e.value::text) as bytes
    from json_to_recordset(${JSON.stringify(names)}::text::json)
      as name(kind text, app text, environment text, key text)
    join fairlead.entries e
      on e.app = name.app and e.environment = name.environment and e.key = name.key
      and e.kind = name.kind and not e.deleted
  ), total as (
    select coalesce(sum(bytes), 0) > ${maxBytes} as is_too_much from found
  )
  select
    f.id, f.kind, f.app, f.environment, f.key, f.version, f.revision, f.merge,
    case when not t.is_too_much then f.value end as value, t.is_too_much as "isTooMuch"
  from found f
  cross join total t`;
