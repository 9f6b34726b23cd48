import { z } from "zod";
import { type Actor, type Ctx, requireAnyPermission } from "../context.ts";
import { requireScope } from "../layers/require-scope.ts";
import { decodeCursor, type Page, type PageInput } from "../platform/page.ts";
import { countVisibleChanges } from "./count-visible-changes.ts";
import { readVisiblePage } from "./read-visible-page.ts";
import { requireKind } from "./require-kind.ts";
import { withinReach } from "./within-reach.ts";

export interface ListChangesInput extends PageInput {
  /** Only revisions after this one. */
  readonly after?: number | undefined;
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
  readonly kind?: string | undefined;
  readonly key?: string | undefined;
}

export interface ChangeSetItem {
  readonly revision: number;
  readonly message: string;
  readonly actor: Pick<Actor, "id"> & { readonly type: string };
  readonly committedAt: string;
  readonly changeCount: number;
}

/**
 * Change sets, newest first; with `after` oldest first, so that a follower can page on. Those that
 * changed an entry of the app, environment, kind and key that are given, and that the reader may see.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment
 */
export const listChanges = async (
  ctx: Ctx,
  input: ListChangesInput,
): Promise<Page<ChangeSetItem>> => {
  requireAnyPermission(ctx, "entries.read");
  const start = decodeCursor(input.cursor, z.int().min(0));
  requireKind(ctx, input.kind);
  await requireScope(ctx, input);
  return readVisiblePage({
    limit: input.limit,
    start,
    positionOf: ({ revision }) => revision,
    read: (from, count) => visibleChangeSets(ctx, input, from, count),
    isVisible: ({ changeCount }) => changeCount > 0,
  });
};

/** Change sets whose counts tell what the reader may see of them; 0 where it is nothing of what is asked for. */
const visibleChangeSets = async (
  ctx: Ctx,
  input: ListChangesInput,
  position: number | undefined,
  count: number,
): Promise<readonly ChangeSetItem[]> => {
  const rows = await changeSetRows(ctx, input, position, count);
  if (ctx.permissions.mayEverywhere("entries.read")) return rows;
  const revisions = rows.map(({ revision }) => revision);
  const counts = await countVisibleChanges(ctx, revisions, input);
  return rows.map((row) => ({ ...row, changeCount: counts.get(row.revision) ?? 0 }));
};

const changeSetRows = (
  ctx: Ctx,
  input: ListChangesInput,
  position: number | undefined,
  count: number,
) => {
  const { permissions, sql } = ctx;
  const { after, app, environment, key, kind } = input;
  const filtered =
    [app, environment, kind, key].some((filter) => filter !== undefined) ||
    !permissions.mayEverywhere("entries.read");
  const start = position ?? after;
  return sql<ChangeSetItem[]>`
    select
      c.revision, c.message, c.committed_at as "committedAt", c.change_count as "changeCount",
      jsonb_build_object('type', c.actor_type, 'id', c.actor_id) as actor
    from fairlead.change_sets c
    where true
      ${
        start === undefined
          ? sql``
          : after === undefined
            ? sql`and c.revision < ${start}`
            : sql`and c.revision > ${start}`
      }
      ${
        filtered
          ? sql`and exists (
              select from fairlead.entry_versions v
              where v.revision = c.revision
                ${app === undefined ? sql`` : sql`and v.app = ${app}`}
                ${environment === undefined ? sql`` : sql`and v.environment = ${environment}`}
                ${kind === undefined ? sql`` : sql`and v.kind = ${kind}`}
                ${key === undefined ? sql`` : sql`and v.key = ${key}`}
                ${withinReach(sql, permissions)}
            )`
          : sql``
      }
    order by c.revision ${after === undefined ? sql`desc` : sql`asc`}
    limit ${count}`;
};
