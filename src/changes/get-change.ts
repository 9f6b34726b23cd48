import { z } from "zod";
import { type Ctx, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import { decodeCursor, type PageInput, pageFrom } from "../platform/page.ts";
import type { Change } from "./change-set.ts";
import type { ChangeSetItem } from "./list-changes.ts";

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

/**
 * One change set with a page of its changes.
 *
 * @throws Problem `NOT_FOUND`
 */
export const getChange = async (
  ctx: Ctx,
  input: PageInput & { readonly revision: number },
): Promise<ChangeSetDetail> => {
  requirePermission(ctx, "changes.read");
  const start = decodeCursor(input.cursor, position);
  const head = await changeSetHead(ctx, input.revision);
  if (head === undefined) {
    throw new Problem("NOT_FOUND", `There is no revision ${input.revision}.`);
  }
  const rows = await changeRows(ctx, input.revision, start, input.limit);
  const { items, ...next } = pageFrom(rows, input.limit, ({ app, environment, key, kind }) => [
    app,
    environment,
    key,
    kind,
  ]);
  return { ...head, changes: items.map(toChange), ...next };
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
  { sql }: Ctx,
  revision: number,
  start: z.output<typeof position> | undefined,
  limit: number,
) => sql<ChangeRow[]>`
  select
    v.op, v.kind, v.app, v.environment, v.key, v.version, v.value as after,
    (
      select previous.value from fairlead.entry_versions previous
      where previous.app = v.app and previous.environment = v.environment
        and previous.key = v.key and previous.kind = v.kind and previous.version = v.version - 1
    ) as before
  from fairlead.entry_versions v
  where v.revision = ${revision}
    ${start === undefined ? sql`` : sql`and (v.app, v.environment, v.key, v.kind) > (${start[0]}, ${start[1]}, ${start[2]}, ${start[3]})`}
  order by v.app, v.environment, v.key, v.kind
  limit ${limit + 1}`;
