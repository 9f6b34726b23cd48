import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../test/helpers/database.ts";
import { newEpoch } from "./new-epoch.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const storedEpoch = async (): Promise<string> => {
  const [row] = await database.sql<{ epoch: string }[]>`select epoch from fairlead.deployment`;
  return row!.epoch;
};

const auditRows = () => database.sql<{ at: string; detail: unknown; actor: string }[]>`
  select at, detail, actor_type || ' ' || actor_id as actor
  from fairlead.audit_log where action = 'epoch.new' order by id`;

describe("a new epoch", () => {
  it("is 16 fresh hex digits, and audited with the one before", async () => {
    const before = await storedEpoch();
    const first = await newEpoch(database.sql);
    expect(first).toEqual({ from: before, to: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(first.to).not.toBe(before);
    expect(await storedEpoch()).toBe(first.to);

    const second = await newEpoch(database.sql);
    expect(second.from).toBe(first.to);
    expect(new Set([before, first.to, second.to]).size).toBe(3);
    const rows = await auditRows();
    expect(rows.map(({ detail }) => detail)).toEqual([first, second]);
    expect(rows[0]!.actor).toBe("system new-epoch");
  });

  it("leaves the revision and its time, and voids what is judged but not written", async () => {
    const counter = async () => {
      const [row] = await database.sql<{ revision: number; at: string; catalogue: number }[]>`
        select revision, committed_at as at, catalogue_version as catalogue
        from fairlead.deployment`;
      return row!;
    };
    const { catalogue, ...before } = await counter();
    await newEpoch(database.sql);
    expect(await counter()).toEqual({ ...before, catalogue: catalogue + 1 });
  });

  it("waits for a commit that holds the counter", async () => {
    const locked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const commit = database.sql.begin(async (tx) => {
      await tx`select 1 from fairlead.deployment for update`;
      locked.resolve();
      await release.promise;
      const [row] = await tx<{ epoch: string }[]>`select epoch from fairlead.deployment`;
      return row!.epoch;
    });
    await locked.promise;
    const before = await storedEpoch();
    const changing = newEpoch(database.sql);
    while ((await lockWaiters()) === 0);
    expect(await storedEpoch()).toBe(before);
    release.resolve();
    expect(await commit).toBe(before);
    expect((await changing).from).toBe(before);
  });

  it("is given from a shell to the database of DATABASE_URL, and says both", async () => {
    const before = await storedEpoch();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, "new-epoch.ts")],
      { env: { DATABASE_URL: database.url } },
    );
    expect(stdout).toBe(`the epoch was ${before} and is ${await storedEpoch()} from now on\n`);
  });
});

const lockWaiters = async (): Promise<number> => {
  const [row] = await database.sql<{ waiting: number }[]>`
    select count(*)::integer as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row!.waiting;
};
