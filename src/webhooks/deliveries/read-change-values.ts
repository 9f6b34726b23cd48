import type { Json } from "../../platform/json.ts";
import type { Tx } from "../../platform/sql.ts";
import type { OutboxChange } from "./select-changes.ts";

/** What an entry was before a change, and after it; null where it was not there. */
export interface ChangeValues {
  readonly before: Json;
  readonly after: Json;
}

/** Of one event, as text: what more than a few receivers could be told together. */
const maxBytes = 16 * 1024 * 1024;

/**
 * The values of changes by their place in the list, unredacted; those that no longer fit into memory's
 * share are missing.
 */
export const readChangeValues = async (
  tx: Tx,
  changes: readonly OutboxChange[],
): Promise<ReadonlyMap<OutboxChange, ChangeValues>> => {
  if (changes.length === 0) return new Map();
  const names = changes.map(({ app, environment, key, kind, version }, place) => ({
    place,
    kind,
    app: app ?? "",
    environment: environment ?? "",
    key,
    version,
  }));
  const rows = await valueRows(tx, names);
  const found = new Map<OutboxChange, ChangeValues>();
  for (const { after, before, place } of rows) {
    const change = changes[place];
    if (change !== undefined) found.set(change, { before, after });
  }
  return found;
};

const valueRows = (tx: Tx, names: readonly object[]) => tx<(ChangeValues & { place: number })[]>`
  select place, before, after
  from (
    select
      name.place, found.before, found.after,
      sum(
        coalesce(octet_length(found.before::text), 0) + coalesce(octet_length(found.after::text), 0)
      ) over (order by name.place) as bytes
    from json_to_recordset(${JSON.stringify(names)}::text::json)
      as name(place int, kind text, app text, environment text, key text, version bigint)
    cross join lateral (
      select
        (
          select v.value from fairlead.entry_versions v
          where v.app = name.app and v.environment = name.environment and v.key = name.key
            and v.kind = name.kind and v.version = name.version - 1
        ) as before,
        (
          select v.value from fairlead.entry_versions v
          where v.app = name.app and v.environment = name.environment and v.key = name.key
            and v.kind = name.kind and v.version = name.version
        ) as after
      offset 0
    ) found
  ) measured
  where bytes <= ${maxBytes}`;
