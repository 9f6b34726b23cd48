import { z } from "zod";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Merge } from "../layers/resolve.ts";
import type { Json } from "../platform/json.ts";
import { describeScope } from "../platform/names.ts";
import { decodeCursor, type Page, type PageInput, pageFrom } from "../platform/page.ts";
import { requireKind } from "./require-kind.ts";
import type { EntryName } from "./state.ts";

export interface HistoryItem {
  readonly version: number;
  readonly revision: number;
  readonly op: "put" | "delete";
  readonly value: Json;
  readonly schema?: Json;
  readonly description?: string;
  readonly merge: Merge;
  readonly committedAt: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly message: string;
}

/**
 * The versions of one entry, newest first; deletes are versions too.
 *
 * @throws Problem `NOT_FOUND` where the entry never existed, or may not be seen
 */
export const listHistory = async (
  ctx: Ctx,
  input: EntryName & PageInput,
): Promise<Page<HistoryItem>> => {
  requireAnyPermission(ctx, "entries.read");
  requireKind(ctx, input.kind);
  const before = decodeCursor(input.cursor, z.int().positive());
  const isRefusal = !ctx.permissions.may("entries.read", input);
  const rows = isRefusal ? [] : await versionRows(ctx, input, before);
  if (rows.length === 0 && before === undefined) {
    const scope = describeScope(input.app, input.environment);
    const detail = `${scope} never had a ${input.kind} entry "${input.key}".`;
    throw new Problem("NOT_FOUND", detail, { isRefusal });
  }
  return pageFrom(rows.map(withoutAbsent), input.limit, ({ version }) => version);
};

const withoutAbsent = ({
  schema,
  description,
  ...row
}: HistoryItem & { schema: Json | null; description: string | null }): HistoryItem => ({
  ...row,
  ...(schema === null ? {} : { schema }),
  ...(description === null ? {} : { description }),
});

const versionRows = (
  { sql }: Ctx,
  { app, environment, key, kind, limit }: EntryName & PageInput,
  before: number | undefined,
) => sql<(HistoryItem & { schema: Json | null; description: string | null })[]>`
  select
    v.version, v.revision, v.op, v.value, v.schema, v.description, v.merge,
    c.committed_at as "committedAt", c.message,
    jsonb_build_object('type', c.actor_type, 'id', c.actor_id) as actor
  from fairlead.entry_versions v
  join fairlead.change_sets c on c.revision = v.revision
  where v.kind = ${kind} and v.app = ${app} and v.environment = ${environment} and v.key = ${key}
    ${before === undefined ? sql`` : sql`and v.version < ${before}`}
  order by v.version desc
  limit ${limit + 1}`;
