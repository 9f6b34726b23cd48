import { z } from "zod";
import { type Actor, type Ctx, requirePermission } from "../context.ts";
import { requireScope } from "../layers/require-scope.ts";
import { decodeCursor, type Page, type PageInput, pageFrom } from "../platform/page.ts";
import { requireKind } from "./require-kind.ts";

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
 * changed an entry of the app, environment, kind and key that are given.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment
 */
export const listChanges = async (
  ctx: Ctx,
  input: ListChangesInput,
): Promise<Page<ChangeSetItem>> => {
  requirePermission(ctx, "changes.read", {});
  const position = decodeCursor(input.cursor, z.int().min(0));
  requireKind(ctx, input.kind);
  await requireScope(ctx.sql, input);
  const rows = await changeSetRows(ctx, input, position);
  return pageFrom(rows, input.limit, ({ revision }) => revision);
};

const changeSetRows = (ctx: Ctx, input: ListChangesInput, position: number | undefined) => {
  const { sql } = ctx;
  const { after, app, environment, key, kind, limit } = input;
  const filtered = [app, environment, kind, key].some((filter) => filter !== undefined);
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
            )`
          : sql``
      }
    order by c.revision ${after === undefined ? sql`desc` : sql`asc`}
    limit ${limit + 1}`;
};
