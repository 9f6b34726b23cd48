import { PgBoss } from "pg-boss";
import { describeError, type Logger } from "../src/platform/log.ts";
import type { Sql } from "../src/platform/sql.ts";
import { expireIdempotencyKeysOnce } from "./expire-idempotency-keys.ts";

interface WorkerDeps {
  readonly databaseUrl: string;
  readonly sql: Sql;
  readonly log: Logger;
}

const expiryQueue = "expire-idempotency-keys";

/**
 * Boots pg-boss and the jobs that it schedules. A job only says "look now": what is owed is in our
 * own tables, so a lost job costs a round and nothing else.
 */
export const startWorkers = async ({
  databaseUrl,
  log,
  sql,
}: WorkerDeps): Promise<() => Promise<void>> => {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    max: 4,
    application_name: "fairlead-workers",
  });
  let quietUntilMs = 0;
  boss.on("error", (error) => {
    // It polls on while the database is away, and says the same each time.
    if (Date.now() < quietUntilMs) return;
    quietUntilMs = Date.now() + 30_000;
    log.error("pg-boss failed", describeError(error));
  });
  await boss.start();
  await boss.createQueue(expiryQueue, {
    policy: "singleton",
    retryLimit: 5,
    retryDelay: 30,
    retryBackoff: true,
    expireInSeconds: 600,
    retentionSeconds: 86_400,
    deleteAfterSeconds: 86_400,
  });
  await boss.work(expiryQueue, async () => {
    const { deleted } = await expireIdempotencyKeysOnce({ sql });
    if (deleted > 0) log.info("forgot idempotency records", { deleted });
  });
  await boss.schedule(expiryQueue, "17 * * * *");
  return () => boss.stop({ graceful: true, timeout: 5_000 });
};
