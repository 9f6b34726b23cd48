import type { Sql } from "../platform/sql.ts";
import type { Point } from "./consumer.ts";
import { inTime } from "./in-time.ts";

/** Who drains a consumer now. */
export interface Claim {
  readonly name: string;
  readonly holder: string;
  readonly fence: number;
  readonly cursor: Point;
  readonly newest: Point;
  /** Failures in a row at the cursor. */
  readonly attempts: number;
  /** Whether the cursor has to wait after a failure; what was put back is tried all the same. */
  readonly isWaiting: boolean;
}

interface ClaimOptions {
  readonly name: string;
  readonly holder: string;
  readonly leaseMs: number;
  /** Also where the cursor stands at the newest revision: the copy is known to be behind it. */
  readonly isStale: boolean;
}

interface ClaimRow {
  fence: number;
  epoch: string;
  revision: number;
  newestEpoch: string;
  newestRevision: number;
  attempts: number;
  isWaiting: boolean;
}

/**
 * Takes the lease of a consumer that has something to do and that nobody holds; undefined otherwise.
 * Where there is nothing to do, nothing is written.
 */
export const claimConsumer = async (
  sql: Sql,
  { holder, isStale, leaseMs, name }: ClaimOptions,
): Promise<Claim | undefined> => {
  const [row] = await inTime(sql<ClaimRow[]>`
    with seen as (
      select
        d.epoch, d.revision,
        exists (
          select from fairlead.parked_events p
          where p.consumer = ${name} and p.next_attempt_at <= clock_timestamp()
        ) as is_due
      from fairlead.deployment d
    )
    update fairlead.consumers c
    set fence = c.fence + 1, lease_holder = ${holder},
      lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})
    from seen
    where c.name = ${name}
      and (c.lease_expires_at is null or c.lease_expires_at <= clock_timestamp())
      and (
        seen.is_due
        or (
          (c.next_attempt_at is null or c.next_attempt_at <= clock_timestamp())
          and (${isStale} or c.revision < seen.revision or c.epoch <> seen.epoch)
        )
      )
    returning
      c.fence, c.epoch, c.revision, c.attempts,
      seen.epoch as "newestEpoch", seen.revision as "newestRevision",
      coalesce(c.next_attempt_at > clock_timestamp(), false) as "isWaiting"`);
  if (row === undefined) return undefined;
  const { attempts, epoch, fence, isWaiting, newestEpoch, newestRevision, revision } = row;
  return {
    name,
    holder,
    fence,
    attempts,
    isWaiting,
    cursor: { epoch, revision },
    newest: { epoch: newestEpoch, revision: newestRevision },
  };
};

/** Keeps the lease for another while; false where somebody else has taken over. */
export const renewLease = async (sql: Sql, claim: Claim, leaseMs: number): Promise<boolean> => {
  const { count } = await inTime(sql`
    update fairlead.consumers
    set lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})
    where name = ${claim.name} and fence = ${claim.fence} and lease_holder = ${claim.holder}`);
  return count > 0;
};

/** Lets the next one in without waiting for the lease to expire. */
export const releaseLease = async (sql: Sql, { fence, holder, name }: Claim): Promise<void> => {
  await inTime(sql`
    update fairlead.consumers set lease_holder = null, lease_expires_at = null
    where name = ${name} and fence = ${fence} and lease_holder = ${holder}`);
};
