import type { Sql, Tx } from "../platform/sql.ts";
import { type Layers, type LayersQuery, readLayers } from "./read-layers.ts";
import { refuseMissingScope } from "./require-scope.ts";
import { type Resolved, resolveLayers } from "./resolve.ts";

export interface Effective extends Layers {
  readonly resolved: ReadonlyMap<string, Resolved>;
}

/**
 * What (app, environment) resolves to, by key in order.
 *
 * @throws Problem `NOT_FOUND` that names an unknown app or environment: a typing error must not read
 *   inherited values
 */
export const readEffective = async (sql: Sql | Tx, query: LayersQuery): Promise<Effective> => {
  const layers = await readLayers(sql, query);
  refuseMissingScope(query, layers);
  return { ...layers, resolved: resolveLayers([layers.entries]) };
};
