import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createLogger } from "../../platform/log.ts";
import { connectSql } from "../../platform/sql.ts";
import { followJobSpecs } from "./follow-job-specs.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let stop: (() => Promise<void>) | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  await stop?.();
});

type Looked = ReadonlySet<string> | undefined;

const name = "follows-job-specs";

/** Follows for a hub that notes who is looked at. */
const follow = (everyMs: number) => {
  const looks: Looked[] = [];
  const watchers = new Set<() => void>();
  let streams = 0;
  let opened = (): void => {};
  let failures = 0;
  stop = followJobSpecs({
    hub: {
      figures: () => ({ streams, dropped: 0 }),
      onOpen: (listener) => {
        opened = listener;
      },
      async lookOnce(sql, runtimes) {
        await sql`select 1`;
        if (failures > 0) {
          failures -= 1;
          throw new Error("away");
        }
        looks.push(runtimes);
        for (const watcher of watchers) watcher();
        return { told: 0 };
      },
    },
    connect: () => connectSql(database.url, { max: 1, name }),
    log: createLogger("error"),
    everyMs,
  });
  return {
    looks,
    open: (): void => {
      streams += 1;
      opened();
    },
    fail: (count: number): void => {
      failures = count;
    },
    /** Waits for a look that has not been waited for, and answers it. */
    until: async (holds: (runtimes: Looked) => boolean): Promise<Looked> => {
      const { promise, resolve } = Promise.withResolvers<Looked>();
      const watcher = (): void => {
        const found = looks.findIndex(holds);
        if (found === -1) return;
        resolve(looks.splice(0, found + 1).at(-1));
      };
      watchers.add(watcher);
      watcher();
      const look = await promise;
      watchers.delete(watcher);
      return look;
    },
  };
};

const everybody = (runtimes: Looked): boolean => runtimes === undefined;
const notify = (payload: string) =>
  database.sql`select pg_notify('fairlead_job_specs', ${payload})`;
const never = 3_600_000;

it("connects for nobody, and looks at who comes", async () => {
  const { open, until } = follow(never);
  const connections = await database.sql`
    select from pg_stat_activity where application_name = ${name}`;
  expect(connections).toHaveLength(0);
  open();
  expect(await until((runtimes) => runtimes !== undefined)).toEqual(new Set());
});

it("looks at those that NOTIFY names, or at everybody", async () => {
  const { open, until } = follow(never);
  open();
  await until(everybody);
  await notify(`["one","two"]`);
  const named = await until((runtimes) => runtimes !== undefined && runtimes.size > 0);
  expect(named).toEqual(new Set(["one", "two"]));
  for (const payload of ["", "{", "7"]) {
    await notify(payload);
    expect(await until(everybody)).toBeUndefined();
  }
});

it("looks by itself where nothing wakes it, also when a look has failed", async () => {
  const { fail, open, until } = follow(20);
  open();
  await until(everybody);
  fail(2);
  await until(everybody);
  expect(await until(everybody)).toBeUndefined();
});

it("hears again after its connections were broken off", async () => {
  const { open, until } = follow(50);
  open();
  await until(everybody);
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name}`;
  // A notification may come before it listens again, so it is repeated until it is heard.
  const repeat = setInterval(() => void notify(`["heard"]`).execute(), 20);
  try {
    expect(await until((runtimes) => runtimes?.has("heard") === true)).toEqual(new Set(["heard"]));
  } finally {
    clearInterval(repeat);
  }
});
