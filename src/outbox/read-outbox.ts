import type { Sql } from "../platform/sql.ts";
import type { CommittedRow } from "./consumer.ts";
import { inTime } from "./in-time.ts";

/** Stored, that is compressed; a revision of ten thousand changes is larger than most batches. */
const maxBatchBytes = 4 * 1024 * 1024;

/** The rows after a revision, in order: at most `limit`, and at least one where there is any. */
export const readOutbox = (
  sql: Sql,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<CommittedRow[]> =>
  inTime(sql<CommittedRow[]>`
  select revision, committed_at as "committedAt", changes, events
  from (
    select
      o.*,
      sum(pg_column_size(changes) + pg_column_size(events)) over (order by revision)
        - pg_column_size(changes) - pg_column_size(events) as bytes_before
    from (
      select * from fairlead.outbox where revision > ${after} order by revision limit ${limit}
    ) o
  ) measured
  where bytes_before < ${maxBatchBytes}
  order by revision`);
