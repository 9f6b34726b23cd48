import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { migrate, requiredVersion } from "./migrate.ts";
import { connectSql, type Sql } from "./sql.ts";

const first = "create table fairlead.one (id integer primary key);";
const second = "insert into fairlead.one values (2);\ninsert into fairlead.one values (3);";

let admin: Sql;
let sql: Sql;
let url: string;
let folder: string;

const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

const applied = async (): Promise<string[]> => {
  const rows = await sql<{ name: string }[]>`select name from fairlead.migrations order by number`;
  return rows.map((row) => row.name);
};

const tableExists = async (name: string): Promise<boolean> => {
  const [row] = await sql`select to_regclass(${name}) is not null as exists`;
  return row?.["exists"] === true;
};

beforeEach(async () => {
  const name = `migrate_${randomUUID().replaceAll("-", "")}`;
  admin = connectSql(inject("postgresUrl"), { max: 1 });
  await admin`create database ${admin(name)}`;
  url = Object.assign(new URL(inject("postgresUrl")), { pathname: `/${name}` }).href;
  sql = connectSql(url, { max: 2 });
  folder = await mkdtemp(join(tmpdir(), "fairlead-migrations-"));
});

afterEach(async () => {
  await sql.end();
  await admin`drop database ${admin(new URL(url).pathname.slice(1))} with (force)`;
  await admin.end();
  await rm(folder, { recursive: true });
});

describe("migrate", () => {
  test("applies the files in order, once, and records what it applied", async () => {
    await write("0002_rows.sql", second);
    await write("0001_table.sql", first);
    await write("schema.sql", "the dump is no migration");
    expect(await migrate(sql, folder)).toEqual({
      applied: ["0001_table", "0002_rows"],
      version: 2,
    });
    expect(await migrate(sql, folder)).toEqual({ applied: [], version: 2 });
    expect(await applied()).toEqual(["0001_table", "0002_rows"]);
    expect(await sql`select id from fairlead.one order by id`).toMatchObject([
      { id: 2 },
      { id: 3 },
    ]);
    const [row] = await sql`select checksum from fairlead.migrations where number = 1`;
    expect(row?.["checksum"]).toMatch(/^[0-9a-f]{64}$/);
  });

  test("applies only what is new after an upgrade", async () => {
    await write("0001_table.sql", first);
    await migrate(sql, folder);
    await write("0002_rows.sql", second);
    expect(await migrate(sql, folder)).toEqual({ applied: ["0002_rows"], version: 2 });
  });

  test("applies each file once where eight processes start at the same time", async () => {
    await write("0001_table.sql", `${first} select pg_sleep(0.05);`);
    await write("0002_rows.sql", second);
    await write("0003_more.sql", "insert into fairlead.one values (4);");
    const processes = Array.from({ length: 8 }, () => connectSql(url, { max: 1 }));
    const results = await Promise.all(processes.map((each) => migrate(each, folder)));
    await Promise.all(processes.map((each) => each.end()));
    expect(results.map((result) => result.version)).toEqual(Array.from({ length: 8 }, () => 3));
    expect(results.flatMap((result) => result.applied).toSorted()).toEqual([
      "0001_table",
      "0002_rows",
      "0003_more",
    ]);
    expect(await applied()).toEqual(["0001_table", "0002_rows", "0003_more"]);
  });

  test("undoes a file that fails half-way, and keeps those before it", async () => {
    await write("0001_table.sql", first);
    await write("0002_broken.sql", "create table fairlead.two (id integer);\nselect 1 / 0;");
    await expect(migrate(sql, folder)).rejects.toThrow(/division by zero/);
    expect(await applied()).toEqual(["0001_table"]);
    expect(await tableExists("fairlead.two")).toBe(false);
    await write("0002_broken.sql", "create table fairlead.two (id integer);");
    expect((await migrate(sql, folder)).applied).toEqual(["0002_broken"]);
  });

  test("takes a file with other line endings for the same file", async () => {
    await write("0001_table.sql", `${first}\n-- end\n`);
    await migrate(sql, folder);
    await write("0001_table.sql", `${first}\r\n-- end\r\n`);
    expect(await migrate(sql, folder)).toEqual({ applied: [], version: 1 });
  });

  test("takes as long as it needs on a handle with a statement timeout", async () => {
    await write("0001_slow.sql", "select pg_sleep(0.3);");
    const hasty = connectSql(url, { max: 1 });
    await hasty`set statement_timeout = 200`;
    expect((await migrate(hasty, folder)).version).toBe(1);
    await expect(hasty`select pg_sleep(0.3)`).rejects.toThrow(/statement timeout/);
    await hasty.end();
  });

  test("works for a role that may not create schemas once the tables are there", async () => {
    await write("0001_table.sql", first);
    await migrate(sql, folder);
    const role = `limited_${randomUUID().replaceAll("-", "")}`;
    await sql`create role ${sql(role)}`;
    await sql`grant usage on schema fairlead to ${sql(role)}`;
    await sql`grant select on fairlead.migrations to ${sql(role)}`;
    const limited = connectSql(url, { max: 1 });
    await limited`set role ${limited(role)}`;
    expect((await migrate(limited, folder)).version).toBe(1);
    await limited.end();
    await sql`drop owned by ${sql(role)}`;
    await sql`drop role ${sql(role)}`;
  });
});

describe("migrate refuses, and changes nothing,", () => {
  test("a file that was changed after it was applied", async () => {
    await write("0001_table.sql", first);
    await migrate(sql, folder);
    await write("0001_table.sql", `${first} -- edited`);
    await write("0002_rows.sql", second);
    await expect(migrate(sql, folder)).rejects.toThrow(/0001_table was changed after/);
    expect(await applied()).toEqual(["0001_table"]);
  });

  test("a file that was renamed after it was applied", async () => {
    await write("0001_table.sql", first);
    await migrate(sql, folder);
    await rm(join(folder, "0001_table.sql"));
    await write("0001_other.sql", first);
    await expect(migrate(sql, folder)).rejects.toThrow(
      /0001_other was changed after .* 0001_table/,
    );
  });

  test("a database that is ahead of the code", async () => {
    await write("0001_table.sql", first);
    await write("0002_rows.sql", second);
    await migrate(sql, folder);
    await rm(join(folder, "0002_rows.sql"));
    await expect(migrate(sql, folder)).rejects.toThrow(/at migration 0002_rows.*newer version/);
  });

  test.each([
    ["a gap", ["0001_a.sql", "0003_c.sql"], /0003_c follows number 1.*no gap/],
    ["a start above one", ["0002_a.sql"], /0002_a follows number 0/],
    ["a number zero", ["0000_a.sql"], /0000_a follows number 0/],
    ["a number used twice", ["0001_a.sql", "0001_b.sql"], /0001_a and 0001_b have the same number/],
    ["a name without a number", ["add_table.sql"], /add_table.sql is not named like/],
    ["a short number", ["1_a.sql"], /1_a.sql is not named like/],
  ])("%s", async (_, names, message) => {
    for (const name of names) await write(name, "select 1;");
    await expect(migrate(sql, folder)).rejects.toThrow(message);
    await expect(requiredVersion(folder)).rejects.toThrow(message);
    expect(await tableExists("fairlead.migrations")).toBe(false);
  });

  test.each(["commit;", "BEGIN;", "  rollback ;", "start transaction;"])(
    "a file with a transaction of its own: %s",
    async (statement) => {
      await write("0001_a.sql", `${first}\n${statement}\n`);
      await expect(migrate(sql, folder)).rejects.toThrow(/must not begin, commit or roll back/);
    },
  );
});

test("requiredVersion is the number of the newest file, and 0 for an empty folder", async () => {
  expect(await requiredVersion(folder)).toBe(0);
  await write("0001_a.sql", "select 1;");
  await write("0002_b.sql", "select 1;");
  expect(await requiredVersion(folder)).toBe(2);
});
