import { createBoundedCache } from "../platform/bounded-cache.ts";
import type { Sql } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import { type StreamRevision, toStreamRevision } from "./recent-changes.ts";

/** Reads what clients have missed that this process has not seen, or has forgotten. */
export interface MissedChanges {
  /**
   * What follows a revision without a gap, some of it at a time; undefined where that is no longer
   * kept, or where the deployment's history is another one.
   *
   * @param upTo the newest revision that is wanted; it exists
   */
  read(
    sql: Sql,
    epoch: string,
    after: number,
    upTo: number,
  ): Promise<readonly StreamRevision[] | undefined>;
}

interface OutboxChange {
  readonly op: "put" | "delete";
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly version: number;
}

interface BlockRow {
  epoch: string;
  revision: number;
  committedAt: string;
  changes: readonly OutboxChange[];
}

interface Block {
  readonly epoch: string;
  readonly revisions: readonly StreamRevision[];
}

/**
 * Revisions are read in blocks with fixed ends, so that clients who lost their connections at one
 * time share what is read for them.
 */
const blockSize = 64;
const maxBlocks = 64;
const maxCachedChanges = 100_000;
const timeoutMs = 10_000;

export const createMissedChanges = (): MissedChanges => {
  const cache = createBoundedCache<Block>(maxBlocks, maxCachedChanges);
  const reading = new Map<string, Promise<Block>>();

  const readBlock = async (sql: Sql, id: string, start: number): Promise<Block> => {
    const rows = await withDeadline(blockRows(sql, start, start + blockSize), timeoutMs);
    const block = toBlock(rows);
    const weight = block.revisions.reduce((sum, { changeCount }) => sum + changeCount + 1, 0);
    cache.set(id, block, weight);
    return block;
  };

  /** Only among those who want the same end: a query that is under way may not see a later one. */
  const shared = (sql: Sql, id: string, start: number, end: number): Promise<Block> => {
    const readingId = `${id}-${end}`;
    const underWay = reading.get(readingId);
    if (underWay !== undefined) return underWay;
    const begun = readBlock(sql, id, start).finally(() => reading.delete(readingId));
    reading.set(readingId, begun);
    return begun;
  };

  return {
    async read(sql, epoch, after, upTo) {
      const start = Math.floor(after / blockSize) * blockSize;
      const end = Math.min(start + blockSize, upTo);
      const id = `${epoch}-${start}`;
      const kept = cache.get(id);
      // One that was read before its end was committed is read again.
      const isWhole = kept !== undefined && (kept.revisions.at(-1)?.revision ?? 0) >= end;
      const block = isWhole ? kept : await shared(sql, id, start, end);
      if (block.epoch !== epoch) return undefined;
      const missed = block.revisions.filter(({ revision }) => revision > after && revision <= end);
      return missed.length === end - after ? missed : undefined;
    },
  };
};

const toBlock = (rows: readonly BlockRow[]): Block => ({
  epoch: rows[0]?.epoch ?? "",
  revisions: rows.map(({ changes, committedAt, revision }) =>
    toStreamRevision(
      revision,
      committedAt,
      changes.map((change) => ({
        ...change,
        app: change.app ?? "",
        environment: change.environment ?? "",
        deleted: change.op === "delete",
      })),
    ),
  ),
});

const blockRows = (sql: Sql, after: number, upTo: number) => sql<BlockRow[]>`
  select
    d.epoch, o.revision, o.changes,
    to_char(o.committed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "committedAt"
  from fairlead.outbox o cross join fairlead.deployment d
  where o.revision > ${after} and o.revision <= ${upTo}
  order by o.revision`;
