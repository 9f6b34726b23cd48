import { z } from "zod";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { requireScope } from "../layers/require-scope.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import { decodeCursor, type Page, type PageInput } from "../platform/page.ts";
import { readVisiblePage } from "./read-visible-page.ts";
import { resolveRevision } from "./revisions.ts";
import { withinReach } from "./within-reach.ts";

export interface DiffItem {
  readonly change: "added" | "changed" | "removed";
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly before: Json;
  readonly after: Json;
}

export interface DiffRevisionsInput extends PageInput {
  readonly from: number;
  readonly to: number;
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
}

interface DiffRow {
  change: DiffItem["change"];
  kind: string;
  app: string;
  environment: string;
  key: string;
  before: Json;
  after: Json;
}

const position = z.tuple([z.string(), z.string(), z.string(), z.string()]);
type Position = z.output<typeof position>;

/**
 * The raw entries that differ between two revisions, whichever is older. An entry counts as changed
 * when its value, schema, description or merge differs; what came back to the same does not.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment, or a revision not reached
 */
export const diffRevisions = async (
  ctx: Ctx,
  input: DiffRevisionsInput,
): Promise<Page<DiffItem>> => {
  requireAnyPermission(ctx, "entries.read");
  const start = decodeCursor(input.cursor, position);
  await resolveRevision(ctx.sql, Math.max(input.from, input.to));
  await requireScope(ctx, input);
  const page = await readVisiblePage<DiffRow, Position>({
    limit: input.limit,
    start,
    positionOf: ({ app, environment, key, kind }) => [app, environment, key, kind],
    read: (from, count) => diffRows(ctx, input, from, count),
    isVisible: (row) => ctx.permissions.may("entries.read", row),
  });
  return { ...page, items: page.items.map(toItem) };
};

const toItem = ({ app, environment, ...row }: DiffRow): DiffItem => ({
  ...row,
  app: toPublicScope(app),
  environment: toPublicScope(environment),
});

const diffRows = (
  { permissions, sql }: Ctx,
  { app, environment, from, to }: DiffRevisionsInput,
  start: Position | undefined,
  count: number,
) => sql<DiffRow[]>`
  with touched as (
    select distinct v.app, v.environment, v.key, v.kind
    from fairlead.entry_versions v
    where v.revision > ${Math.min(from, to)} and v.revision <= ${Math.max(from, to)}
      ${app === undefined ? sql`` : sql`and v.app = ${app}`}
      ${environment === undefined ? sql`` : sql`and v.environment = ${environment}`}
      ${withinReach(sql, permissions)}
      ${start === undefined ? sql`` : sql`and (v.app, v.environment, v.key, v.kind) > (${start[0]}, ${start[1]}, ${start[2]}, ${start[3]})`}
  )
  select
    t.kind, t.app, t.environment, t.key, was.value as before, is_now.value as after,
    case
      when was.value is null then 'added' when is_now.value is null then 'removed' else 'changed'
    end as change
  from touched t
  left join lateral (
    select v.value, v.schema, v.description, v.merge from fairlead.entry_versions v
    where v.app = t.app and v.environment = t.environment and v.key = t.key and v.kind = t.kind
      and v.revision <= ${from}
    order by v.version desc limit 1
  ) was on true
  left join lateral (
    select v.value, v.schema, v.description, v.merge from fairlead.entry_versions v
    where v.app = t.app and v.environment = t.environment and v.key = t.key and v.kind = t.kind
      and v.revision <= ${to}
    order by v.version desc limit 1
  ) is_now on true
  where (was.value is not null or is_now.value is not null)
    and (was.value is distinct from is_now.value or was.schema is distinct from is_now.schema
      or was.description is distinct from is_now.description
      or was.merge is distinct from is_now.merge)
  order by t.app, t.environment, t.key, t.kind
  limit ${count}`;
