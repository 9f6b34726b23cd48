import type { Change } from "../changes/change-set.ts";
import type { Ctx } from "../context.ts";
import type { Json } from "../platform/json.ts";
import { visibleChangesOf } from "./visible-changes.ts";

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly revision?: number | undefined;
  /** The id of a row, or a time: only what is later, oldest first. */
  readonly after?: number | string | undefined;
  /** A time. */
  readonly before?: string | undefined;
}

export interface AuditRow {
  readonly id: number;
  readonly at: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly authentication: string;
  readonly action: string;
  readonly revision: number | null;
  /** How many refusals the row stands for; 1 for everything else. */
  readonly count: number;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly detail: Json;
  /** What a change set changed, as far as the reader may see it and up to a number. */
  readonly changes?: readonly Change[];
  readonly changesTotal?: number;
}

export interface ReadRow extends AuditRow {
  readonly isVisible: boolean;
}

/** What is shown of a row. */
export const toShownRow = (row: ReadRow): AuditRow => {
  const { isVisible: _, ...shown } = row;
  return shown;
};

/**
 * Rows from a position on, which say whether the reader may see them: rows of a change set are
 * seen by who may read the audit of one of its changes, all others by who may read it everywhere.
 */
export const readAuditRows = async (
  ctx: Ctx,
  filter: AuditFilter,
  start: number | undefined,
  count: number,
): Promise<readonly ReadRow[]> => {
  const rows = await auditRows(ctx, filter, start, count);
  const changes = await visibleChangesOf(
    ctx,
    rows.flatMap(({ revision }) => (revision === null ? [] : [revision])),
  );
  const seesAll = ctx.permissions.may("audit.read", {});
  return rows.map((row) => {
    if (row.revision === null) return { ...row, isVisible: seesAll };
    const { shown, total } = changes.get(row.revision) ?? { shown: [], total: 0 };
    return { ...row, changes: shown, changesTotal: total, isVisible: total > 0 };
  });
};

const auditRows = (
  { sql }: Ctx,
  { action, actor, after, before, revision }: AuditFilter,
  start: number | undefined,
  count: number,
) => {
  const isForward = after !== undefined;
  return sql<AuditRow[]>`
    select
      a.id, a.at, json_build_object('type', a.actor_type, 'id', a.actor_id) as actor,
      a.authentication, a.action, a.revision, a.count, a.request_id as "requestId", a.address,
      a.user_agent as "userAgent", a.detail
    from fairlead.audit_log a
    where true
      ${actor === undefined ? sql`` : sql`and a.actor_id = ${actor}`}
      ${action === undefined ? sql`` : sql`and a.action = ${action}`}
      ${revision === undefined ? sql`` : sql`and a.revision = ${revision}`}
      ${typeof after === "number" ? sql`and a.id > ${after}` : sql``}
      ${typeof after === "string" ? sql`and a.at > ${after}::timestamptz` : sql``}
      ${before === undefined ? sql`` : sql`and a.at < ${before}::timestamptz`}
      ${start === undefined ? sql`` : isForward ? sql`and a.id > ${start}` : sql`and a.id < ${start}`}
    order by a.id ${isForward ? sql`asc` : sql`desc`}
    limit ${count}`;
};
