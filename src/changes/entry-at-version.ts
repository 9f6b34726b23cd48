import { type Ctx, requirePermission } from "../context.ts";
import { type Entry, type EntryRow, toEntry } from "./list-entries.ts";
import type { EntryName } from "./state.ts";

/** An entry as one of its versions made it: what a write answers, also when it is repeated. */
export const entryAtVersion = async (
  ctx: Ctx,
  name: EntryName,
  version: number,
): Promise<{ readonly epoch: string; readonly entry: Entry }> => {
  requirePermission(ctx, "entries.read", name);
  const row = await versionRow(ctx, name, version);
  if (row === undefined) throw new Error(`version ${version} of a committed entry is missing`);
  const { epoch, ...entry } = row;
  return { epoch, entry: toEntry(entry) };
};

const versionRow = async (
  { sql }: Ctx,
  { app, environment, key, kind }: EntryName,
  version: number,
) => {
  const [row] = await sql<(EntryRow & { epoch: string })[]>`
    select
      d.epoch, e.id, v.kind, v.app, v.environment, v.key, v.value, v.schema, v.description,
      v.merge, v.version, v.revision, c.committed_at as "updatedAt", c.actor_id as "updatedBy"
    from fairlead.entry_versions v
    join fairlead.change_sets c on c.revision = v.revision
    join fairlead.entries e
      on e.kind = v.kind and e.app = v.app and e.environment = v.environment and e.key = v.key
    cross join fairlead.deployment d
    where v.kind = ${kind} and v.app = ${app} and v.environment = ${environment}
      and v.key = ${key} and v.version = ${version}`;
  return row;
};
