import { z } from "zod";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import { decodeCursor, type PageInput } from "../platform/page.ts";
import type { Change } from "./change-set.ts";
import { countVisibleChanges } from "./count-visible-changes.ts";
import type { ChangeSetItem } from "./list-changes.ts";
import { readVisiblePage } from "./read-visible-page.ts";
import { withinReach } from "./within-reach.ts";

export interface ChangeSetDetail extends ChangeSetItem {
  readonly epoch: string;
  readonly changes: readonly Change[];
  readonly nextCursor?: string;
}

interface ChangeRow {
  op: "put" | "delete";
  kind: string;
  app: string;
  environment: string;
  key: string;
  version: number;
  before: Json;
  after: Json;
}

const position = z.tuple([z.string(), z.string(), z.string(), z.string()]);
type Position = z.output<typeof position>;

/**
 * One change set with a page of its changes, as far as the reader may see them.
 *
 * @throws Problem `NOT_FOUND`
 */
export const getChange = async (
  ctx: Ctx,
  input: PageInput & { readonly revision: number },
): Promise<ChangeSetDetail> => {
  requireAnyPermission(ctx, "entries.read");
  const { limit, revision } = input;
  const start = decodeCursor(input.cursor, position);
  const head = await visibleHead(ctx, revision);
  if (head === undefined || head.changeCount === 0) {
    const isRefusal = head !== undefined;
    throw new Problem("NOT_FOUND", `There is no revision ${revision}.`, { isRefusal });
  }
  const { items, ...next } = await readVisiblePage<ChangeRow, Position>({
    limit,
    start,
    positionOf: ({ app, environment, key, kind }) => [app, environment, key, kind],
    read: (from, count) => changeRows(ctx, revision, from, count),
    isVisible: (row) => ctx.permissions.may("entries.read", row),
  });
  return { ...head, changes: items.map(toChange), ...next };
};

/** Counts what the reader may see, which may be nothing. */
const visibleHead = async (ctx: Ctx, revision: number) => {
  const head = await changeSetHead(ctx, revision);
  if (head === undefined || ctx.permissions.mayEverywhere("entries.read")) return head;
  const counts = await countVisibleChanges(ctx, [revision]);
  return { ...head, changeCount: counts.get(revision) ?? 0 };
};

const toChange = ({ app, environment, ...row }: ChangeRow): Change => ({
  ...row,
  app: toPublicScope(app),
  environment: toPublicScope(environment),
});

const changeSetHead = async (
  { sql }: Ctx,
  revision: number,
): Promise<Omit<ChangeSetDetail, "changes"> | undefined> => {
  const [row] = await sql<Omit<ChangeSetDetail, "changes">[]>`
    select
      d.epoch, c.revision, c.message, c.committed_at as "committedAt",
      c.change_count as "changeCount",
      jsonb_build_object('type', c.actor_type, 'id', c.actor_id) as actor
    from fairlead.change_sets c cross join fairlead.deployment d
    where c.revision = ${revision}`;
  return row;
};

const changeRows = (
  { permissions, sql }: Ctx,
  revision: number,
  start: Position | undefined,
  count: number,
) => sql<ChangeRow[]>`
  select
    v.op, v.kind, v.app, v.environment, v.key, v.version, v.value as after,
    (
      select previous.value from fairlead.entry_versions previous
      where previous.app = v.app and previous.environment = v.environment
        and previous.key = v.key and previous.kind = v.kind and previous.version = v.version - 1
    ) as before
  from fairlead.entry_versions v
  where v.revision = ${revision} ${withinReach(sql, permissions)}
    ${start === undefined ? sql`` : sql`and (v.app, v.environment, v.key, v.kind) > (${start[0]}, ${start[1]}, ${start[2]}, ${start[3]})`}
  order by v.app, v.environment, v.key, v.kind
  limit ${count}`;
