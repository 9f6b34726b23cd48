import type { Permissions } from "../permissions/compile-permissions.ts";
import type { Tx } from "../platform/sql.ts";
import type { ChangeSet, Operation } from "./change-set.ts";
import { guardedLayerKeys } from "./guard-rails.ts";
import { layerId } from "./state.ts";

type Position = Pick<Operation, "kind" | "app" | "environment">;

/**
 * The layers that an actor sees in part, and of which a change set deletes something or changes much:
 * the guard rails need to know how many of their keys the actor sees.
 */
export const layersToCount = (
  permissions: Permissions,
  { allowLargeChange, operations }: ChangeSet,
): readonly Position[] => {
  if (allowLargeChange === true || permissions.mayEverywhere("entries.read")) return [];
  const layers = Map.groupBy(operations, ({ app, environment, kind }) =>
    layerId(kind, app, environment),
  );
  return [...layers.values()].flatMap((own) => {
    const [first] = own;
    const isSmall = own.length <= guardedLayerKeys / 2 && own.every(({ op }) => op === "put");
    if (first === undefined || isSmall) return [];
    const { app, environment, kind } = first;
    const { permits } = permissions.keys("entries.read", kind, app, environment);
    return permits === "some" ? [{ kind, app, environment }] : [];
  });
};

/** How many live keys of layers an actor sees, by `layerId`. */
export const countVisibleKeys = async (
  tx: Tx,
  permissions: Permissions,
  layers: readonly Position[],
): Promise<ReadonlyMap<string, number>> => {
  if (layers.length === 0) return new Map();
  const found = await liveKeys(tx, layers);
  return new Map(
    found.map(({ app, environment, keys, kind }) => {
      const filter = permissions.keys("entries.read", kind, app, environment);
      const visible = keys.filter((key) => filter.allows(key));
      return [layerId(kind, app, environment), visible.length];
    }),
  );
};

const liveKeys = (tx: Tx, layers: readonly Position[]) => tx<(Position & { keys: string[] })[]>`
  select name.kind, name.app, name.environment, found.keys
  from json_to_recordset(${JSON.stringify(layers)}::text::json)
    as name(kind text, app text, environment text)
  cross join lateral (
    select coalesce(json_agg(e.key), '[]'::json) as keys from fairlead.entries e
    where e.app = name.app and e.environment = name.environment and e.kind = name.kind
      and not e.deleted
  ) found`;
