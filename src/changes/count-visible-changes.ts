import type { Ctx } from "../context.ts";
import type { EntryName } from "./state.ts";
import { withinReach } from "./within-reach.ts";

type Filter = { readonly [Member in keyof EntryName]?: string | undefined };

/**
 * How many changes of each revision a reader may see; nothing for a revision none of whose visible
 * changes is of the app, environment, kind and key that are given.
 */
export const countVisibleChanges = async (
  ctx: Ctx,
  revisions: readonly number[],
  filter: Filter = {},
): Promise<ReadonlyMap<number, number>> => {
  const counts = new Map<number, number>();
  const matched = new Set<number>();
  for (const { revision, ...name } of await changedNames(ctx, revisions)) {
    if (!ctx.permissions.may("entries.read", name)) continue;
    counts.set(revision, (counts.get(revision) ?? 0) + 1);
    if (matches(name, filter)) matched.add(revision);
  }
  for (const revision of counts.keys()) if (!matched.has(revision)) counts.delete(revision);
  return counts;
};

const matches = (name: EntryName, { app, environment, key, kind }: Filter): boolean =>
  (app === undefined || name.app === app) &&
  (environment === undefined || name.environment === environment) &&
  (key === undefined || name.key === key) &&
  (kind === undefined || name.kind === kind);

const changedNames = ({ permissions, sql }: Ctx, revisions: readonly number[]) => sql<
  (EntryName & { revision: number })[]
>`
  select v.revision, v.kind, v.app, v.environment, v.key
  from fairlead.entry_versions v
  where v.revision = any (string_to_array(${revisions.join("/")}, '/')::bigint[])
    ${withinReach(sql, permissions)}`;
