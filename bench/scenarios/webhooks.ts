import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { connectSql } from "../../src/platform/sql.ts";
import type { Bench } from "../bench.ts";
import type { Report } from "../report.ts";
import { measureLatency } from "./webhooks-latency.ts";
import { measureRates } from "./webhooks-rates.ts";

const receiverCount = 100;

/** What is owed, to quick receivers in another process; and the way of a commit to one of them. */
export async function webhooks(bench: Bench): Promise<Report> {
  const postgres = await startEmbeddedPostgres({ dataDir: join(bench.directory, "webhooks") });
  bench.onClose(() => postgres.stop());
  const sql = connectSql(postgres.url, { max: 4, longLived: true });
  bench.onClose(() => sql.end());
  await migrate(sql, new URL("../../migrations", import.meta.url).pathname);
  const receivers = fork(join(import.meta.dirname, "../load/webhook-receivers.ts"), [
    String(receiverCount),
  ]);
  bench.onClose(async () => void receivers.kill("SIGKILL"));
  const [ports] = (await once(receivers, "message")) as [number[]];
  const urls = ports.map((port) => `http://127.0.0.1:${port}/`);
  const rates = await measureRates(bench, sql, urls);
  const target = { sql, databaseUrl: postgres.url, url: urls[0] ?? "" };
  const latency = await measureLatency(bench, target, receivers);
  const [row] = await sql<{ version: string }[]>`
    select current_setting('server_version') as version`;
  return {
    tables: [rates.table, latency],
    ratios: rates.ratios,
    versions: { PostgreSQL: row?.version ?? "unknown" },
  };
}
