import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  changeSetOf,
  commit,
  commitAsGroup,
  openGroup,
  put,
  remove,
  revisionsByTransaction,
} from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { expectSoundStore } from "../../test/helpers/expect-sound-store.ts";
import { createTestContext, withIdempotency } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import { connectSql } from "../platform/sql.ts";
import type { CommitResult, Operation } from "./change-set.ts";
import type { Kind } from "./kind.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let lines: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  lines = [];
  ctx = createTestContext(database.sql, { log: (line) => lines.push(line) });
});

afterEach(() => database.drop());

const group = (...operations: readonly Operation[]) =>
  commitAsGroup(
    ctx,
    operations.map((operation) => changeSetOf(operation)),
  );

/** The revision of each answer, or the message of what is no problem of the caller's. */
const outcomesOf = (settled: readonly PromiseSettledResult<CommitResult>[]): unknown[] =>
  settled.map((answer) => {
    if (answer.status === "fulfilled") return answer.value.revision;
    expect(answer.reason).not.toBeInstanceOf(Problem);
    return String(answer.reason);
  });

const refuseThirteen = () => database.sql`
  alter table fairlead.entry_versions add constraint versions_not_thirteen check (value <> '13'::jsonb)`;

describe("a database error in a group", () => {
  it("fails the member that causes it, and no other: the members run singly, in their order", async () => {
    await refuseThirteen();
    await commit(ctx, put("k", 10));
    const settled = await group(
      put("k", 11),
      put("k", 12),
      put("k", 13),
      put("k", 14),
      put("l", 1),
    );
    const constraint = /"versions_not_thirteen"/;
    expect(outcomesOf(settled)).toEqual([2, 3, expect.stringMatching(constraint), 4, 5]);
    expect(await revisionsByTransaction(database.sql)).toEqual([[1], [2], [3], [4], [5]]);
    const versions = await database.sql`
      select version, value from fairlead.entry_versions where key = 'k' order by version`;
    expect(versions.map(({ value }) => value)).toEqual([10, 11, 12, 14]);
    expect(lines).toHaveLength(1);
    await expectSoundStore(database.sql);
  });

  it("may come from a value that jsonb cannot hold", async () => {
    const settled = await group(put("a", 1), put("b", "\u0000"), put("c", 1));
    expect(outcomesOf(settled)).toEqual([1, expect.stringMatching(/Unicode/), 2]);
    await expectSoundStore(database.sql);
  });

  it("may come as late as the commit itself", async () => {
    await database.sql`
      create function refuse_thirteen() returns trigger language plpgsql as $$
      begin
        if new.message = 'thirteen' then raise exception 'thirteen'; end if;
        return null;
      end $$`;
    await database.sql`
      create constraint trigger late after insert on fairlead.change_sets
      deferrable initially deferred for each row execute function refuse_thirteen()`;
    const settled = await commitAsGroup(ctx, [
      changeSetOf(put("a", 1)),
      { ...changeSetOf(put("b", 1)), message: "thirteen" },
      changeSetOf(put("c", 1)),
    ]);
    expect(outcomesOf(settled)).toEqual([1, expect.stringMatching(/thirteen/), 2]);
    await expectSoundStore(database.sql);
  });

  it("leaves no trace of what the failed member would have made", async () => {
    await refuseThirteen();
    await commit(ctx, put("a", 1));
    const caller = withIdempotency(ctx, "thirteen");
    const opened = openGroup(ctx);
    const settled = await Promise.allSettled([
      commit(ctx, put("x", 1, { app: "real" })),
      commit(caller, put("x", 13, { app: "ghost" })),
      commit(ctx, put("x", 1, { app: "ghost", expectedVersion: 1 })),
    ]);
    await opened;
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(settled[2]).toMatchObject({ reason: { code: "CONFLICT" } });
    // "ghost" is neither in the table nor in what the committer remembers of it.
    const { effectiveTotal } = await commit(ctx, put("a", 2));
    expect(effectiveTotal).toBe(8);
    const apps = await database.sql`select name from fairlead.apps`;
    expect([...apps]).toEqual([{ name: "real" }]);
    // Its key stands for nothing yet.
    expect((await commit(caller, put("x", 1, { app: "ghost" }))).revision).toBe(4);
    await expectSoundStore(database.sql);
  });

  it("does not make what succeeds on the second try fail: a cancelled statement", async () => {
    await database.sql`
      create function wait_in_line() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(42);
        return null;
      end $$`;
    await database.sql`
      create trigger wait after insert on fairlead.outbox
      for each statement execute function wait_in_line()`;
    const blocker = await database.sql.reserve();
    await blocker`select pg_advisory_lock(42)`;
    const settled = group(put("a", 1), put("b", 1));
    let cancelled = 0;
    while (cancelled === 0) {
      const rows = await database.sql`
        select pg_cancel_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event = 'advisory'`;
      cancelled = rows.length;
    }
    await blocker`select pg_advisory_unlock(42)`;
    blocker.release();
    expect(outcomesOf(await settled)).toEqual([1, 2]);
    expect(await revisionsByTransaction(database.sql)).toEqual([[1], [2]]);
    await expectSoundStore(database.sql);
  });
});

describe("groups that follow each other closely", () => {
  // More than one group takes, so that a second one waits while the first is written.
  const keys = Array.from({ length: 256 }, (_, index) => `k${index}`);
  const inOrder = async (...rounds: readonly (readonly Operation[])[]): Promise<unknown[]> => {
    const opened = openGroup(ctx);
    const settled = rounds.flat().map((operation) => commit(ctx, operation));
    const answers = await Promise.allSettled(settled);
    await opened;
    return answers.map((answer) =>
      answer.status === "fulfilled" ? answer.value.changes[0]?.version : answer.reason.code,
    );
  };
  const nth = (version: number): number[] => keys.map(() => version);

  it("are judged by what those before them leave", async () => {
    const versions = await inOrder(
      keys.map((key) => put(key, 1, { expectedVersion: 0 })),
      keys.map((key) => put(key, 2, { expectedVersion: 1 })),
      keys.map((key) => remove(key, { expectedVersion: 2 })),
      keys.map((key) => put(key, 3, { expectedVersion: 0, app: key })),
      keys.map((key) => put(key, 4, { expectedVersion: 0 })),
    );
    expect(versions).toEqual([...nth(1), ...nth(2), ...nth(3), ...nth(1), ...nth(4)]);
    await expectSoundStore(database.sql);
  });

  it("stay in order where one of them fails and runs singly", async () => {
    await refuseThirteen();
    const versions = await inOrder(
      [...keys.slice(1).map((key) => put(key, 1, { expectedVersion: 0 })), put("bad", 13)],
      keys.slice(1).map((key) => put(key, 2, { expectedVersion: 1 })),
      keys.slice(1).map((key) => put(key, 3, { expectedVersion: 2 })),
    );
    const [one, two, three] = [1, 2, 3].map((version) => nth(version).slice(1));
    const checkViolation = "23514";
    expect(versions).toEqual([...one!, checkViolation, ...two!, ...three!]);
    await expectSoundStore(database.sql);
  });

  it("stay in order where another process commits between them", async () => {
    const otherSql = connectSql(database.url, { max: 2 });
    const other = createTestContext(otherSql);
    let running = true;
    const disturb = async (): Promise<void> => {
      for (let turn = 0; running; turn += 1) await commit(other, put("other", turn));
    };
    const disturbing = disturb();
    try {
      for (let round = 0; round < 5; round += 1) {
        const app = `app-${round}`;
        const versions = await inOrder(
          keys.map((key) => put(key, 1, { app, expectedVersion: 0 })),
          keys.map((key) => put(key, 2, { app, expectedVersion: 1 })),
          keys.map((key) => remove(key, { app, expectedVersion: 2 })),
        );
        expect(versions).toEqual([...nth(1), ...nth(2), ...nth(3)]);
      }
    } finally {
      running = false;
      await disturbing;
      await otherSql.end();
    }
    await expectSoundStore(database.sql);
  });
});

describe("a kind that throws", () => {
  const fragile: Kind = {
    name: "fragile",
    published: false,
    checkEntry: () => [],
    checkEffective: ({ value }) => {
      if (value === 13) throw new TypeError("a bug of the kind");
      return [];
    },
    redact: (value) => value,
  };

  it("fails the member that it is asked about, and no other", async () => {
    ctx = createTestContext(database.sql, { kinds: [fragile] });
    const kind = "fragile";
    const settled = await group(
      put("a", 1, { kind }),
      put("b", 13, { kind }),
      put("b", 12, { kind, expectedVersion: 0 }),
    );
    expect(outcomesOf(settled)).toEqual([1, "TypeError: a bug of the kind", 2]);
    expect(await revisionsByTransaction(database.sql)).toEqual([[1, 2]]);
    await expectSoundStore(database.sql);
  });
});
