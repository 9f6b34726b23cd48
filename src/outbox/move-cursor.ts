import type { Sql } from "../platform/sql.ts";
import type { Claim } from "./claim-consumer.ts";
import type { CommittedRow, Point } from "./consumer.ts";
import { inTime } from "./in-time.ts";

/**
 * Says that everything up to a point has taken effect, which must be true by then. Answers what is the
 * newest now, or undefined where somebody else holds the consumer, and nothing was moved.
 */
export const moveCursor = async (
  sql: Sql,
  { fence, holder, name }: Claim,
  to: Point,
): Promise<Point | undefined> => {
  const [newest] = await inTime(sql<Point[]>`
    update fairlead.consumers c
    set epoch = ${to.epoch}, revision = ${to.revision}, updated_at = clock_timestamp(),
      attempts = 0, next_attempt_at = null
    from fairlead.deployment d
    where c.name = ${name} and c.fence = ${fence} and c.lease_holder = ${holder}
      and (c.epoch <> ${to.epoch} or c.revision <= ${to.revision})
    returning d.epoch, d.revision`);
  return newest;
};

interface Failure {
  readonly attempts: number;
  readonly delayMs: number;
  readonly reason: string;
}

/** Lets the cursor stand for a while; false where somebody else holds the consumer. */
export const holdCursor = async (
  sql: Sql,
  { fence, holder, name }: Claim,
  { attempts, delayMs, reason }: Failure,
): Promise<boolean> => {
  const { count } = await inTime(sql`
    update fairlead.consumers
    set attempts = ${attempts}, last_error = ${reason}, last_error_at = clock_timestamp(),
      next_attempt_at = clock_timestamp() + make_interval(secs => ${delayMs / 1_000})
    where name = ${name} and fence = ${fence} and lease_holder = ${holder}`);
  return count > 0;
};

/**
 * Sets an event aside and moves past it, in one statement, so that it is always in one of the two.
 * False where somebody else holds the consumer.
 */
export const parkEvent = async (
  sql: Sql,
  { fence, holder, name }: Claim,
  { attempts, reason, row }: Omit<Failure, "delayMs"> & { readonly row: CommittedRow },
): Promise<boolean> => {
  const { count } = await inTime(sql`
    with moved as (
      update fairlead.consumers
      set revision = ${row.revision}, updated_at = clock_timestamp(), attempts = 0,
        next_attempt_at = null, last_error = ${reason}, last_error_at = clock_timestamp()
      where name = ${name} and fence = ${fence} and lease_holder = ${holder}
        and revision < ${row.revision}
      returning name
    )
    insert into fairlead.parked_events
      (consumer, revision, committed_at, changes, events, attempts, last_error, parked_at)
    select
      moved.name, ${row.revision}, ${row.committedAt}::timestamptz,
      ${JSON.stringify(row.changes)}::text::json, ${JSON.stringify(row.events)}::text::json,
      ${attempts}, ${reason}, clock_timestamp()
    from moved
    on conflict on constraint parked_events_pk do update set
      attempts = excluded.attempts, last_error = excluded.last_error,
      parked_at = excluded.parked_at, next_attempt_at = null`);
  return count > 0;
};
