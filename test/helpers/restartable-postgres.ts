import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { connectSql } from "../../src/platform/sql.ts";

// What a commit acknowledges outlives PostgreSQL's crash; the machine's is not part of the tests.
const settings = { fsync: "off" };
const migrations = join(import.meta.dirname, "../../migrations");

export interface RestartablePostgres {
  readonly url: string;
  stop(mode: "fast" | "immediate"): Promise<void>;
  /** Starts it again with the same data at the same address. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** A migrated PostgreSQL of a test's own, to be stopped as often as the test likes. */
export const startRestartablePostgres = async (): Promise<RestartablePostgres> => {
  const dataDir = await mkdtemp(join(tmpdir(), "fairlead-restartable-"));
  let running = await startEmbeddedPostgres({ dataDir, settings });
  const { port, url } = running;
  const sql = connectSql(url, { max: 1 });
  await migrate(sql, migrations);
  await sql.end();
  return {
    url,
    stop: (mode) => running.stop(mode),
    async start() {
      running = await startEmbeddedPostgres({ dataDir, settings, port });
    },
    async remove() {
      await running.stop("immediate");
      // Where the server's user cannot reach the folder, the cluster is a link into another one.
      const cluster = await realpath(join(dataDir, "postgres"));
      await rm(dirname(cluster), { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
