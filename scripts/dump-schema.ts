import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { migrate } from "../src/platform/migrate.ts";
import { connectSql } from "../src/platform/sql.ts";
import { startTemporaryPostgres } from "../test/helpers/temporary-postgres.ts";
import { describeSchema } from "./schema/describe-schema.ts";

const migrations = join(import.meta.dirname, "../migrations");
const dump = join(migrations, "schema.sql");

/** The schema that the migrations make, from a database that lives only for this. */
const freshSchema = async (): Promise<string> => {
  const postgres = await startTemporaryPostgres();
  const sql = connectSql(postgres.url, { max: 1 });
  try {
    await migrate(sql, migrations);
    return await describeSchema(sql);
  } finally {
    await sql.end();
    await postgres.stop();
  }
};

const check = async (schema: string): Promise<void> => {
  if ((await readFile(dump, "utf8").catch(() => "")) === schema) return;
  const names = ["--label", "migrations/schema.sql", "--label", "what the migrations make"];
  spawnSync("diff", ["-u", "-N", ...names, dump, "-"], {
    input: schema,
    stdio: ["pipe", "inherit", "inherit"],
  });
  console.error("migrations/schema.sql is out of date: run `npm run schema:dump` and review it");
  process.exitCode = 1;
};

const schema = await freshSchema();
if (process.argv.includes("--check")) await check(schema);
else await writeFile(dump, schema);
