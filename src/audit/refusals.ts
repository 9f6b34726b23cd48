import type { Ctx } from "../context.ts";
import type { ErrorCode } from "../errors.ts";
import type { Sql } from "../platform/sql.ts";

/** A request that was refused for want of credentials or of a permission. */
interface Refusal extends Pick<Ctx, "actor" | "authentication"> {
  readonly request: Pick<Ctx["request"], "id" | "address" | "userAgent">;
  /** The operation's id, or what stands for all paths that are no route. */
  readonly route: string;
  readonly code: ErrorCode;
}

/** Refusals on their way to the audit log. */
export interface RefusalLog {
  note(refusal: Refusal): void;
  /** Whether anything waits to be written. */
  isWaiting(): boolean;
  /** Writes what has been noted. What cannot be written is kept for the next time. */
  flushOnce(sql: Sql): Promise<{ readonly written: number }>;
}

interface Row {
  refusal: string;
  at: string;
  actor_type: string;
  actor_id: string;
  authentication: string;
  request_id: string;
  address: string | undefined;
  user_agent: string | undefined;
  detail: { route: string; code: ErrorCode };
  count: number;
}

/** Past this many rows that wait, refusals are only counted, under one actor. */
const maxRows = 10_000;

/**
 * Counts refusals by actor, route and minute, so that whoever hammers at a door makes one row a
 * minute. A row tells the address and request of the first.
 */
export const createRefusalLog = (now: () => Date = () => new Date()): RefusalLog => {
  let rows = new Map<string, Row>();

  const add = (row: Row): void => {
    const known = rows.get(row.refusal);
    if (known === undefined) rows.set(row.refusal, row);
    else known.count += row.count;
  };

  return {
    note: (refusal) => {
      const row = toRow(refusal, now());
      const isRoom = rows.size < maxRows || rows.has(row.refusal);
      add(isRoom ? row : { ...row, refusal: `many ${minuteOf(row.at)}`, actor_id: "many" });
    },
    isWaiting: () => rows.size > 0,
    async flushOnce(sql) {
      if (rows.size === 0) return { written: 0 };
      const taken = [...rows.values()];
      rows = new Map();
      try {
        await writeRefusals(sql, taken);
        return { written: taken.length };
      } catch (error) {
        for (const row of taken) add(row);
        throw error;
      }
    },
  };
};

const toRow = ({ actor, authentication, code, request, route }: Refusal, now: Date): Row => {
  const at = now.toISOString();
  return {
    refusal: JSON.stringify([minuteOf(at), actor.type, actor.id, route, code]),
    at,
    actor_type: actor.type,
    actor_id: actor.id,
    authentication,
    request_id: request.id,
    address: request.address,
    user_agent: request.userAgent,
    detail: { route, code },
    count: 1,
  };
};

const minuteOf = (at: string): string => at.slice(0, 16);

/** Under the lock of change sets, so that the order of ids is that of commits: a follower misses no row. */
const writeRefusals = (sql: Sql, rows: readonly Row[]) => sql`
  with counter as (select revision from fairlead.deployment for update)
  insert into fairlead.audit_log as log
    (at, actor_type, actor_id, authentication, action, request_id, address, user_agent, detail,
     count, refusal)
  select
    at, actor_type, actor_id, authentication, 'refused', request_id, address, user_agent, detail,
    count, refusal
  from json_to_recordset(${JSON.stringify(rows)}::text::json) as row(
    at timestamptz, actor_type text, actor_id text, authentication text, request_id text,
    address text, user_agent text, detail json, count bigint, refusal text
  ) cross join counter
  on conflict (refusal) where refusal is not null do update set count = log.count + excluded.count`;
