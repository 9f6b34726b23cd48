import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { createRole } from "../access/roles/create-role.ts";
import type { Ctx } from "../context.ts";
import { createApp } from "../environments/create-app.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { listAudit } from "./list-audit.ts";

const lock = 4_711;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
/** Holds writers up. */
let holder: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  holder = connectSql(database.url, { max: 1, name: "holder" });
  await holder`
    create function hold() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(4711);
      return null;
    end $$`;
});

afterAll(async () => {
  await holder.end({ timeout: 1 });
  await database.drop();
});

let names = 0;

/** Each way in which rows get into the log, as a process of its own would do it. */
const writers: Readonly<Record<string, (ctx: Ctx) => Promise<unknown>>> = {
  change: (ctx) => commit(ctx, put(`key.${names++}`, names)),
  "role.create": (ctx) =>
    createRole(ctx, { name: `role-${names++}`, description: "", actions: ["entries.read"] }),
  "app.create": (ctx) => createApp(ctx, { name: `app-${names++}` }),
  refused: (ctx) => {
    const { actor, authentication, refusals, request } = ctx;
    const code = "FORBIDDEN";
    refusals.note({ actor, authentication, request, route: `route-${names++}`, code });
    return refusals.flushOnce(ctx.sql);
  },
};

const waiting = async (): Promise<number> => {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.count ?? 0;
};

/** Lets rows of an action be written, but not committed, until it is done. */
const whileHeld = async (action: string, use: () => Promise<void>): Promise<void> => {
  await holder.unsafe(`
    create or replace trigger hold after insert on fairlead.audit_log
    for each row when (new.action = '${action}') execute function hold()`);
  await holder`select pg_advisory_lock(${lock})`;
  try {
    await use();
  } finally {
    await holder`select pg_advisory_unlock(${lock})`;
  }
};

const pairs = Object.keys(writers).flatMap((held) =>
  Object.keys(writers).map((other): [string, string] => [held, other]),
);

describe("who follows the audit log, after the last id", () => {
  it.each(pairs)(
    "misses no row where a %s takes long and a %s comes meanwhile",
    async (held, other) => {
      const ctx = createTestContext(database.sql);
      const read = async (after: number): Promise<number[]> => {
        const { items } = await listAudit(ctx, { after, limit: 500 });
        return items.map(({ id }) => id);
      };
      const followed = await read(0);
      const writes: Promise<unknown>[] = [];
      await whileHeld(held, async () => {
        writes.push(writers[held]!(createTestContext(database.sql)));
        while ((await waiting()) < 1);
        let done = false;
        const overtaking = writers[other]!(createTestContext(database.sql)).finally(() => {
          done = true;
        });
        writes.push(overtaking);
        while (!done && (await waiting()) < 2);
        followed.push(...(await read(followed.at(-1) ?? 0)));
      });
      await Promise.all(writes);
      followed.push(...(await read(followed.at(-1) ?? 0)));
      expect(followed).toEqual(await read(0));
    },
  );
});
