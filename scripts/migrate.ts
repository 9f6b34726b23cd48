import { join } from "node:path";
import { migrate } from "../src/platform/migrate.ts";
import { connectSql } from "../src/platform/sql.ts";

const url = process.env["DATABASE_URL"];
if (url === undefined || url === "") {
  console.error("Set DATABASE_URL to the PostgreSQL database that is to be migrated");
  process.exit(2);
}

const sql = connectSql(url, { max: 1, name: "fairlead-migrate" });
try {
  const { applied, version } = await migrate(sql, join(import.meta.dirname, "../migrations"));
  for (const name of applied) console.log(`applied ${name}`);
  console.log(`the database is at migration ${version}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await sql.end({ timeout: 5 });
}
