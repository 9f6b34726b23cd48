/**
 * Gives a deployment a new epoch: `npm run epoch:new`, once after every restore. A restored history
 * may count the same revisions again for other changes; the epoch is how their tags and events differ.
 */
import { randomBytes } from "node:crypto";
import { startEmbeddedPostgres } from "../src/platform/embedded-postgres.ts";
import { parseSettings } from "../src/platform/settings.ts";
import { connectSql, type Sql } from "../src/platform/sql.ts";

interface EpochChange {
  readonly from: string;
  readonly to: string;
}

/** Sets 16 fresh hex digits as the epoch, with an audit row, and answers the old and the new one. */
export const newEpoch = async (sql: Sql): Promise<EpochChange> => {
  const [change] = await changedEpoch(sql, randomBytes(8).toString("hex"));
  if (change === undefined) throw new Error("fairlead.deployment has no row");
  return change;
};

/**
 * Under the counter's lock, which every commit needs. The catalogue's version moves too, so that a
 * group that was judged in the old epoch is judged anew instead of being written. Consumers find the new
 * epoch by themselves; who drains one now moves its cursor no more, and none stands past the history.
 */
const changedEpoch = (sql: Sql, to: string) => sql<EpochChange[]>`
  with counter as materialized (
    select epoch, revision, committed_at from fairlead.deployment for update
  ), changed as (
    update fairlead.deployment set epoch = ${to}, catalogue_version = catalogue_version + 1
    from counter
  ), fenced as (
    update fairlead.consumers c
    set fence = c.fence + 1, lease_holder = null, lease_expires_at = null,
      revision = least(c.revision, counter.revision)
    from counter
  ), audit as (
    insert into fairlead.audit_log (at, actor_type, actor_id, authentication, action, detail)
    select
      greatest(clock_timestamp(), committed_at), 'system', 'new-epoch', 'database', 'epoch.new',
      json_build_object('from', epoch, 'to', ${to}::text)
    from counter
  )
  select epoch as "from", ${to}::text as "to" from counter`;

const main = async (): Promise<void> => {
  const { databaseUrl, dataDir } = parseSettings(process.env);
  const embedded = databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir }) : undefined;
  try {
    const sql = connectSql(databaseUrl ?? embedded?.url ?? "", { max: 1, name: "fairlead-epoch" });
    try {
      const { from, to } = await newEpoch(sql);
      console.log(`the epoch was ${from} and is ${to} from now on`);
    } finally {
      await sql.end({ timeout: 5 });
    }
  } finally {
    await embedded?.stop();
  }
};

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
