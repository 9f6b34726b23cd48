import type { Ctx } from "../context.ts";
import type { LayerReader, OpenedView } from "./memory/layer-reader.ts";
import { type Effective, readEffective } from "./read-effective.ts";
import type { LayersQuery } from "./read-layers.ts";
import { refuseMissingScope } from "./require-scope.ts";
import type { LayerEntry, Resolved } from "./resolve.ts";

interface PositionQuery extends LayersQuery {
  readonly minRevision?: number | undefined;
  /** From PostgreSQL's primary, or not at all. */
  readonly isStrong?: boolean | undefined;
}

/** What a position resolves to, and for how long it has not been confirmed that this is the newest. */
export interface PositionRead extends Effective {
  /** Absent where it is as fresh as promised. */
  readonly staleMs?: number;
}

/**
 * Reads (app, environment): from memory where a process holds layers, else, and for the past and for
 * strong reads, from PostgreSQL.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment, `UNAVAILABLE`
 */
export const readPosition = async (
  { layers, settings, sql }: Ctx,
  query: PositionQuery,
): Promise<PositionRead> => {
  if (layers === undefined || query.at !== undefined || query.isStrong === true) {
    return readEffective(sql, query);
  }
  refuseMissingScope(query, await layers.existing(sql, query));
  const opened = await layers.open(sql, query);
  return { ...effectiveOf(opened, query), ...staleness(layers, settings.maxStalenessMs) };
};

/** Past the promised staleness an answer is still given, and says so. */
export const staleness = (
  layers: LayerReader,
  maxStalenessMs: number,
): Pick<PositionRead, "staleMs"> => {
  const ageMs = layers.ageMs();
  return ageMs > maxStalenessMs ? { staleMs: Math.floor(ageMs) } : {};
};

/** The part of a view that a query asks for. */
export const effectiveOf = (
  { epoch, revision, view }: OpenedView,
  query: LayersQuery,
): Effective => {
  const { key, prefix, visible } = query;
  const entries: LayerEntry[] = [];
  const resolved = new Map<string, Resolved>();
  const isPart = visible !== undefined && visible.permits !== "all";
  let newest = 0;
  const add = (name: string, made: Resolved | undefined): void => {
    newest = Math.max(newest, view.newestOf(name));
    if (made === undefined) return;
    resolved.set(name, made);
    entries.push(...view.chainOf(name));
  };
  if (key !== undefined) add(key, view.resolved(key));
  else {
    for (const [name, made] of view.everything()) {
      if (prefix !== undefined && !name.startsWith(prefix)) continue;
      if (!isPart || visible.allows(name)) add(name, made);
    }
  }
  return {
    epoch,
    revision,
    headRevision: isPart ? newest : view.head(),
    appExists: true,
    environmentExists: true,
    entries,
    resolved,
  };
};
