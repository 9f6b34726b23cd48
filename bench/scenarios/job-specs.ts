import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { connectSql } from "../../src/platform/sql.ts";
import type { Bench } from "../bench.ts";
import type { Report } from "../report.ts";
import { measureClaims } from "./job-specs-claims.ts";

/** What it takes to lease job specs, in process, on a PostgreSQL that syncs each commit. */
export async function jobSpecs(bench: Bench): Promise<Report> {
  const postgres = await startEmbeddedPostgres({ dataDir: join(bench.directory, "job-specs") });
  bench.onClose(() => postgres.stop());
  const max = Math.max(...bench.options.clients);
  const sql = connectSql(postgres.url, { max, longLived: true });
  bench.onClose(() => sql.end());
  await migrate(sql, new URL("../../migrations", import.meta.url).pathname);
  const claims = await measureClaims(bench, sql, postgres.url);
  const [row] = await sql<{ version: string }[]>`
    select current_setting('server_version') as version`;
  return {
    tables: [claims.table],
    ratios: claims.ratios,
    versions: { PostgreSQL: row?.version ?? "unknown" },
  };
}
