import type { Change } from "../changes/change-set.ts";
import type { Ctx } from "../context.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";

interface ChangeRow {
  revision: number;
  op: "put" | "delete";
  kind: string;
  app: string;
  environment: string;
  key: string;
  version: number;
  before: Json;
  after: Json;
}

interface VisibleChanges {
  readonly shown: readonly Change[];
  readonly total: number;
}

/** A change set may have ten thousand; `GET /v1/changes/{revision}` pages through them. */
const maxShown = 20;

/**
 * What revisions changed, as far as the reader may see it in the audit log; values are redacted as
 * their kind says, and shown only to who may read the entry too.
 */
export const visibleChangesOf = async (
  ctx: Ctx,
  revisions: readonly number[],
): Promise<ReadonlyMap<number, VisibleChanges>> => {
  const found = new Map<number, { shown: Change[]; total: number }>();
  if (revisions.length === 0) return found;
  for (const row of await changeRows(ctx, revisions)) {
    if (!ctx.permissions.may("audit.read", row)) continue;
    const changes = found.get(row.revision) ?? { shown: [], total: 0 };
    changes.total += 1;
    if (changes.shown.length < maxShown) changes.shown.push(toChange(ctx, row));
    found.set(row.revision, changes);
  }
  return found;
};

const toChange = (ctx: Ctx, row: ChangeRow): Change => {
  const { after, app, before, environment, key, kind, op, version } = row;
  const isReadable = ctx.permissions.may("entries.read", row);
  const redact = (value: Json): Json =>
    value === null || !isReadable ? null : (ctx.kinds.get(kind)?.redact(value) ?? null);
  return {
    op,
    kind,
    app: toPublicScope(app),
    environment: toPublicScope(environment),
    key,
    version,
    before: redact(before),
    after: redact(after),
  };
};

const changeRows = ({ sql }: Ctx, revisions: readonly number[]) => sql<ChangeRow[]>`
  select
    v.revision, v.op, v.kind, v.app, v.environment, v.key, v.version, v.value as after,
    (
      select previous.value from fairlead.entry_versions previous
      where previous.app = v.app and previous.environment = v.environment
        and previous.key = v.key and previous.kind = v.kind and previous.version = v.version - 1
    ) as before
  from fairlead.entry_versions v
  where v.revision = any (string_to_array(${revisions.join("/")}, '/')::bigint[])
  order by v.revision, v.app, v.environment, v.key, v.kind`;
