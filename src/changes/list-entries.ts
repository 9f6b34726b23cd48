import { z } from "zod";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { requireScope } from "../layers/require-scope.ts";
import type { Merge } from "../layers/resolve.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import { decodeCursor, type Page, type PageInput } from "../platform/page.ts";
import { readVisiblePage } from "./read-visible-page.ts";
import { requireKind } from "./require-kind.ts";
import { withinReach } from "./within-reach.ts";

/** A live entry of a layer as it is stored, not resolved. */
export interface Entry {
  readonly id: string;
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly value: Json;
  readonly schema?: Json;
  readonly description?: string;
  readonly merge: Merge;
  readonly version: number;
  readonly revision: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

export interface EntryRow {
  id: string;
  kind: string;
  app: string;
  environment: string;
  key: string;
  value: Json;
  schema: Json | null;
  description: string | null;
  merge: Merge;
  version: number;
  revision: number;
  updatedAt: string;
  updatedBy: string;
}

/** `app` and `environment`: `''` is the layer of "all"; undefined lists every layer. */
export interface ListEntriesInput extends PageInput {
  readonly kind: string;
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
  readonly prefix?: string | undefined;
}

const position = z.tuple([z.string(), z.string(), z.string()]);
type Position = z.output<typeof position>;

/**
 * Raw entries, by scope and key, as far as the reader may see them.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment
 */
export const listEntries = async (ctx: Ctx, input: ListEntriesInput): Promise<Page<Entry>> => {
  requireAnyPermission(ctx, "entries.read");
  const start = decodeCursor(input.cursor, position);
  requireKind(ctx, input.kind);
  await requireScope(ctx, input);
  const page = await readVisiblePage<EntryRow, Position>({
    limit: input.limit,
    start,
    positionOf: ({ app, environment, key }) => [app, environment, key],
    read: (from, count) => entryRows(ctx, input, from, count),
    isVisible: (row) => ctx.permissions.may("entries.read", row),
  });
  return { ...page, items: page.items.map(toEntry) };
};

export const toEntry = ({ app, description, environment, schema, ...row }: EntryRow): Entry => ({
  ...row,
  app: toPublicScope(app),
  environment: toPublicScope(environment),
  ...(schema === null ? {} : { schema }),
  ...(description === null ? {} : { description }),
});

const entryRows = (
  { permissions, sql }: Ctx,
  { app, environment, kind, prefix }: ListEntriesInput,
  start: Position | undefined,
  count: number,
) => sql<EntryRow[]>`
  select
    e.id, e.kind, e.app, e.environment, e.key, e.value, e.schema, e.description, e.merge,
    e.version, e.revision, c.committed_at as "updatedAt", c.actor_id as "updatedBy"
  from fairlead.entries e
  join fairlead.change_sets c on c.revision = e.revision
  where e.kind = ${kind} and not e.deleted ${withinReach(sql, permissions)}
    ${app === undefined ? sql`` : sql`and e.app = ${app}`}
    ${environment === undefined ? sql`` : sql`and e.environment = ${environment}`}
    ${prefix === undefined ? sql`` : sql`and starts_with(e.key, ${prefix})`}
    ${start === undefined ? sql`` : sql`and (e.app, e.environment, e.key) > (${start[0]}, ${start[1]}, ${start[2]})`}
  order by e.app, e.environment, e.key
  limit ${count}`;
