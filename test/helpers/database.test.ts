import { expect, inject, test } from "vitest";
import { connectSql } from "../../src/platform/sql.ts";
import { createTestDatabase } from "./database.ts";

const exists = async (name: string): Promise<boolean> => {
  const admin = connectSql(inject("postgresUrl"), { max: 1 });
  const rows = await admin`select 1 from pg_database where datname = ${name}`;
  await admin.end();
  return rows.length === 1;
};

test("each database is migrated, apart from the others, and gone after drop", async () => {
  // At the same time, as test files do.
  const databases = await Promise.all(Array.from({ length: 8 }, createTestDatabase));
  const [first, second] = databases;
  await first!.sql`insert into fairlead.apps (name, created_by) values ('only-here', 'test')`;
  expect(await first!.sql`select name from fairlead.apps`).toHaveLength(1);
  expect(await second!.sql`select name from fairlead.apps`).toHaveLength(0);
  expect(await second!.sql`select name from fairlead.environments`).toHaveLength(3);

  const left = connectSql(first!.url, { max: 1 });
  await left`select 1`;
  const names = databases.map(({ url }) => new URL(url).pathname.slice(1));
  expect(await exists(names[0]!)).toBe(true);
  await Promise.all(databases.map((database) => database.drop()));
  expect(await Promise.all(names.map(exists))).toEqual(names.map(() => false));
  await expect(left`select 1`).rejects.toThrow(/does not exist|terminating connection/);
  await left.end();
});
