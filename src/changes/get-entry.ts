import { type Ctx, requireAnyPermission } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Sql } from "../platform/sql.ts";
import { type Entry, type EntryRow, toEntry } from "./list-entries.ts";
import type { EntryName } from "./state.ts";

/** A live entry with its internal name, for those that change it next. */
export interface FoundEntry {
  readonly epoch: string;
  /** The deployment's. */
  readonly revision: number;
  readonly name: EntryName;
  readonly entry: Entry;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The live entry with an id, which is permanent and opaque.
 *
 * @throws Problem `NOT_FOUND`, also for what does not look like an id, and for what may not be seen
 */
export const getEntry = async (ctx: Ctx, id: string): Promise<FoundEntry> => {
  requireAnyPermission(ctx, "entries.read");
  const row = uuidPattern.test(id) ? await entryRowById(ctx.sql, id) : undefined;
  const isRefusal = row !== undefined && !ctx.permissions.may("entries.read", row);
  if (row !== undefined && !isRefusal) return found(row);
  throw new Problem("NOT_FOUND", `There is no entry with the id "${id}".`, { isRefusal });
};

type FoundRow = EntryRow & { epoch: string; deploymentRevision: number };

const found = ({ deploymentRevision, epoch, ...row }: FoundRow): FoundEntry => {
  const { app, environment, key, kind } = row;
  return {
    epoch,
    revision: deploymentRevision,
    name: { kind, app, environment, key },
    entry: toEntry(row),
  };
};

const entryRowById = async (sql: Sql, id: string) => {
  const [row] = await sql<FoundRow[]>`
    select
      d.epoch, d.revision as "deploymentRevision", e.id, e.kind, e.app, e.environment, e.key,
      e.value, e.schema, e.description, e.merge, e.version, e.revision,
      c.committed_at as "updatedAt", c.actor_id as "updatedBy"
    from fairlead.entries e
    join fairlead.change_sets c on c.revision = e.revision
    cross join fairlead.deployment d
    where e.id = ${id} and not e.deleted`;
  return row;
};
