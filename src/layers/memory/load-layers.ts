import type { Json } from "../../platform/json.ts";
import type { Sql } from "../../platform/sql.ts";
import type { LoadedLayer } from "./layer-memory.ts";
import type { CommittedEntry, LayerName } from "./memory-layer.ts";

interface LayerRow extends LayerName {
  epoch: string;
  revision: number;
  head: number;
  entries: StoredEntry[] | null;
}

/** An entry as a JSON record tells it. */
export interface StoredEntry extends Omit<CommittedEntry, "schema" | "description"> {
  readonly schema: Json | null;
  readonly description: string | null;
}

export const toCommittedEntry = ({
  description,
  schema,
  ...entry
}: StoredEntry): CommittedEntry => ({
  ...entry,
  schema: schema ?? undefined,
  description: description ?? undefined,
});

/** Reads layers in one statement, so that all of them are of one snapshot; deleted entries too. */
export const loadLayers = async (
  sql: Sql,
  names: readonly LayerName[],
): Promise<readonly LoadedLayer[]> => {
  const rows = await sql<LayerRow[]>`
    select
      d.epoch, d.revision, name.kind, name.app, name.environment,
      coalesce(l.head_revision, 0) as head,
      (
        select json_agg(found) from (
          select
            e.id, e.kind, e.app, e.environment, e.key, e.version, e.revision, e.deleted, e.value,
            e.schema, e.description, e.merge
          from fairlead.entries e
          where e.app = name.app and e.environment = name.environment and e.kind = name.kind
        ) found
      ) as entries
    from json_to_recordset(${JSON.stringify(names)}::text::json)
      as name(kind text, app text, environment text)
    cross join fairlead.deployment d
    left join fairlead.layers l
      on l.kind = name.kind and l.app = name.app and l.environment = name.environment`;
  return rows.map(({ app, entries, environment, epoch, head, kind, revision }) => ({
    name: { kind, app, environment },
    epoch,
    revision,
    head,
    entries: (entries ?? []).map(toCommittedEntry),
  }));
};
