import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sql, Tx } from "./sql.ts";

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

// The reviewed dump of the result lies in the same folder.
const notMigrations = new Set(["schema.sql"]);

// Any fixed number does, as long as nothing else in the database takes the same advisory lock.
const lockKey = 4_201_177_001;

// A file runs in one transaction with its row; a commit of its own would tear the two apart.
const ownTransaction = /^\s*(begin|commit|rollback|start\s+transaction)\s*;/im;

const readMigration = async (folder: string, name: string): Promise<Migration> => {
  const number = /^(\d{4})_[a-z0-9_-]+\.sql$/.exec(name)?.[1];
  if (number === undefined) {
    throw new Error(`The migration ${name} is not named like 0001_what_it_does.sql`);
  }
  // A checkout on Windows may end lines otherwise; that is no change.
  const text = (await readFile(join(folder, name), "utf8")).replaceAll("\r\n", "\n");
  if (ownTransaction.test(text)) {
    throw new Error(`The migration ${name} must not begin, commit or roll back by itself`);
  }
  const checksum = createHash("sha256").update(text).digest("hex");
  return { number: Number(number), name: name.slice(0, -".sql".length), text, checksum };
};

const readMigrations = async (folder: string): Promise<Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql"));
  const wanted = names.filter((name) => !notMigrations.has(name)).toSorted();
  const files = await Promise.all(wanted.map((name) => readMigration(folder, name)));
  for (const [index, file] of files.entries()) {
    if (file.number === index + 1) continue;
    const twice = file.number === files[index - 1]?.number;
    throw new Error(
      twice
        ? `The migrations ${files[index - 1]?.name} and ${file.name} have the same number`
        : `The migration ${file.name} follows number ${index}: the numbers must have no gap`,
    );
  }
  return files;
};

/** The number of the newest migration in a folder; 0 where it is empty. Throws where names or numbers are wrong. */
export async function requiredVersion(folder: string): Promise<number> {
  return (await readMigrations(folder)).length;
}

/** One process at a time, until the transaction ends. Waiting for the others has no time limit. */
const lockMigrations = async (tx: Tx): Promise<void> => {
  await tx`set local statement_timeout = 0`;
  await tx`select pg_advisory_xact_lock(${lockKey})`;
};

const ensureTable = async (tx: Tx): Promise<void> => {
  const [found] = await tx`select to_regclass('fairlead.migrations') is not null as exists`;
  if (found?.["exists"] === true) return;
  await tx`create schema if not exists fairlead`;
  await tx`
    create table fairlead.migrations (
      number integer not null,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp(),
      constraint migrations_pk primary key (number),
      constraint migrations_number_positive check (number > 0)
    )`;
};

const refuseForeignHistory = (
  applied: readonly AppliedMigration[],
  files: readonly Migration[],
): void => {
  for (const row of applied) {
    const file = files[row.number - 1];
    if (file === undefined) {
      throw new Error(
        `The database is at migration ${row.name}, which this version does not have: it belongs to a newer version. Start that one.`,
      );
    }
    if (file.name !== row.name || file.checksum !== row.checksum) {
      throw new Error(
        `The migration ${file.name} was changed after it was applied as ${row.name}. Restore the file, and put the change into a new migration.`,
      );
    }
  }
};

/** Applies the first file that is not there yet, and answers its name, or `undefined` where none is left. */
const applyNext = async (tx: Tx, files: readonly Migration[]): Promise<string | undefined> => {
  await lockMigrations(tx);
  await ensureTable(tx);
  const applied = await tx<AppliedMigration[]>`
    select number, name, checksum from fairlead.migrations order by number`;
  refuseForeignHistory(applied, files);
  const next = files[applied.length];
  if (next === undefined) return undefined;
  await tx.unsafe(next.text).simple();
  await tx`
    insert into fairlead.migrations (number, name, checksum)
    values (${next.number}, ${next.name}, ${next.checksum})`;
  return next.name;
};

/**
 * Brings the database to the newest migration of a folder: files `0001_name.sql` in order, each in
 * a transaction with its row in `fairlead.migrations`. Any number of processes may do so at once.
 * Answers the names that this call applied. Throws, and changes nothing more, where a file fails,
 * an applied file was changed, numbers have gaps, or the database is newer than the folder.
 */
export async function migrate(
  sql: Sql,
  folder: string,
): Promise<{ applied: string[]; version: number }> {
  const files = await readMigrations(folder);
  const applied: string[] = [];
  for (;;) {
    const name = await sql.begin((tx) => applyNext(tx, files));
    if (name === undefined) return { applied, version: files.length };
    applied.push(name);
  }
}
