import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import { connectSql, type Sql } from "../../src/platform/sql.ts";

interface TestDatabase {
  readonly url: string;
  readonly sql: Sql;
  /** Ends `sql`, breaks other connections off and removes the database. */
  drop(): Promise<void>;
}

// Clones of one template wait for each other, across all test processes.
const cloneLock = 4_201_177_002;

/** A migrated database for one test file, cloned from the run's template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const template = inject("templateDatabase");
  await asAdmin(async (admin) => {
    await admin`select pg_advisory_lock(${cloneLock})`;
    await admin`create database ${admin(name)} template ${admin(template)}`;
  });
  const url = Object.assign(new URL(inject("postgresUrl")), { pathname: `/${name}` }).href;
  const sql = connectSql(url, { max: 10, name });
  return {
    url,
    sql,
    async drop() {
      await sql.end({ timeout: 1 });
      await asAdmin(async (admin) => {
        await admin`drop database if exists ${admin(name)} with (force)`;
      });
    },
  };
}

const asAdmin = async (use: (admin: Sql) => Promise<void>): Promise<void> => {
  const admin = connectSql(inject("postgresUrl"), { max: 1 });
  try {
    await use(admin);
  } finally {
    await admin.end();
  }
};
