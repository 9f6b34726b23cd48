import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/platform/migrate.ts";
import { connectSql } from "../../src/platform/sql.ts";
import { installRedis, type RedisProgram } from "./install-redis.ts";
import { startTemporaryPostgres } from "./temporary-postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A database of the run's PostgreSQL from which others can be created. */
    postgresUrl: string;
    /** The name of the migrated database that tests clone. */
    templateDatabase: string;
    /** What tests that need a Redis start theirs with. */
    redisProgram: RedisProgram;
  }
}

const templateDatabase = "fairlead_template";
const migrations = join(import.meta.dirname, "../../migrations");

const createTemplate = async (url: string): Promise<void> => {
  const admin = connectSql(url, { max: 1 });
  await admin`create database ${admin(templateDatabase)}`;
  const templateUrl = Object.assign(new URL(url), { pathname: `/${templateDatabase}` }).href;
  const template = connectSql(templateUrl, { max: 1 });
  await migrate(template, migrations);
  await template.end();
  // Nobody connects to it from now on: a database with connections cannot be cloned.
  await admin`alter database ${admin(templateDatabase)} with allow_connections false is_template true`;
  await admin.end();
};

/** Starts one PostgreSQL for the whole run, with a migrated template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide("redisProgram", installRedis());
  const postgres = await startTemporaryPostgres({ max_connections: "300" });
  try {
    await createTemplate(postgres.url);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  project.provide("postgresUrl", postgres.url);
  project.provide("templateDatabase", templateDatabase);
  return () => postgres.stop();
}
