import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import type { Bench } from "../bench.ts";
import type { Report } from "../report.ts";
import { measureClaims } from "./job-specs-claims.ts";
import { measureRendering } from "./job-specs-rendering.ts";

/** What it takes to render and to lease job specs, in process, on a PostgreSQL that syncs each commit. */
export async function jobSpecs(bench: Bench): Promise<Report> {
  const postgres = await startEmbeddedPostgres({ dataDir: join(bench.directory, "job-specs") });
  bench.onClose(() => postgres.stop());
  const max = Math.max(...bench.options.clients);
  const open = async (url: string): Promise<Sql> => {
    const sql = connectSql(url, { max, longLived: true });
    bench.onClose(() => sql.end());
    await migrate(sql, new URL("../../migrations", import.meta.url).pathname);
    return sql;
  };
  const sql = await open(postgres.url);
  let databases = 0;
  const rendering = await measureRendering(bench, async () => {
    databases += 1;
    const name = `rendering_${databases}`;
    await sql`create database ${sql(name)}`;
    const url = new URL(postgres.url);
    url.pathname = `/${name}`;
    return open(url.href);
  });
  const claims = await measureClaims(bench, sql, postgres.url);
  const [row] = await sql<{ version: string }[]>`
    select current_setting('server_version') as version`;
  return {
    tables: [rendering.table, claims.table],
    ratios: { ...rendering.ratios, ...claims.ratios },
    versions: { PostgreSQL: row?.version ?? "unknown" },
  };
}
