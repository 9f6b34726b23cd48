import type { Ctx } from "../context.ts";
import { replacePool } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import type { OpenedView } from "./memory/reading.ts";
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
  readonly staleMs?: number | undefined;
}

const storeTimeoutMs = 10_000;

/**
 * Reads (app, environment): from memory where a process holds layers, else, and for the past and for
 * strong reads, from PostgreSQL.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment, `UNAVAILABLE`
 */
export const readPosition = async (ctx: Ctx, query: PositionQuery): Promise<PositionRead> => {
  const { layers, settings, sql } = ctx;
  const { at, isStrong = false, minRevision = 0 } = query;
  if (layers === undefined || at !== undefined || isStrong) return readFromStore(ctx, query);
  try {
    await layers.reach(sql, { revision: minRevision });
  } catch {
    return readFromStore(ctx, query);
  }
  refuseMissingScope(query, await layers.existing(sql, query));
  const effective = await layers.open(sql, query, (opened) => effectiveOf(opened, query));
  return { ...effective, staleMs: layers.countRead(settings.maxStalenessMs) };
};

/** What PostgreSQL shows as its present, memory shows from then on: nobody's revision goes back. */
const readFromStore = async ({ layers, sql }: Ctx, query: LayersQuery): Promise<PositionRead> => {
  const reading = readEffective(sql, query);
  const effective = await withDeadline(reading, storeTimeoutMs, () => replacePool(sql));
  if (query.at === undefined) await layers?.reach(sql, effective);
  return effective;
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
