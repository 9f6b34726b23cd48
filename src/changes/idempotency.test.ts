import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  changeSetOf,
  commit,
  openGroup,
  outcomesOf,
  put,
  remove,
} from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { expectSoundStore } from "../../test/helpers/expect-sound-store.ts";
import { createTestContext, withIdempotency } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { createApp } from "../environments/create-app.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { commitChangeSet } from "./commit-change-set.ts";
import { rollBack } from "./roll-back.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let secondSql: Sql;
/** Two processes' worth: each with a committer and connections of its own. */
let first: Ctx;
let second: Ctx;
/** What the first one logs: a group that had to run singly, for one. */
const lines: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  secondSql = connectSql(database.url, { max: 10 });
  first = createTestContext(database.sql, { log: (line) => lines.push(line) });
  second = createTestContext(secondSql);
});

afterAll(async () => {
  await expectSoundStore(database.sql);
  await secondSql.end();
  await database.drop();
});

const versionsOf = async (key: string): Promise<number> => {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*) from fairlead.entry_versions where key = ${key}`;
  return row?.count ?? 0;
};

describe("an Idempotency-Key", () => {
  it("makes concurrent duplicates in one group share the answer", async () => {
    const caller = withIdempotency(first, "in-one-group");
    const opened = openGroup(first);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => commit(caller, put("grouped", 1))),
    );
    await opened;
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.changes).toHaveLength(1);
    expect(await versionsOf("grouped")).toBe(1);
    expect(lines).toEqual([]);
  });

  it("makes duplicates in groups that overlap share the answer", async () => {
    const caller = withIdempotency(first, "overlapping");
    const filler = (): Promise<unknown>[] =>
      Array.from({ length: 255 }, (_, index) => commit(first, put(`filler.${index}`, index)));
    const opened = openGroup(first);
    const answers = [commit(caller, put("overlap", "a"))];
    const fillers = filler();
    answers.push(commit(caller, put("overlap", "a")));
    fillers.push(...filler(), commit(first, put("overlap", "b")));
    answers.push(commit(caller, put("overlap", "a")));
    const [answer, ...duplicates] = await Promise.all(answers);
    await Promise.all([opened, ...fillers]);
    expect(duplicates).toEqual([answer, answer]);
    expect(await versionsOf("overlap")).toBe(2);
    expect(lines).toEqual([]);
  });

  it("makes duplicates that two processes get at once share the answer", async () => {
    const keys = Array.from({ length: 25 }, (_, index) => `across-${index}`);
    const answers = await Promise.all(
      keys.map((key, index) =>
        Promise.all(
          [first, second, first, second].map((ctx) =>
            // Run twice, it would be another version and another answer.
            commit(withIdempotency(ctx, key), put(`across-${index}`, key), put("shared", key)),
          ),
        ),
      ),
    );
    for (const ofKey of answers) for (const answer of ofKey) expect(answer).toEqual(ofKey[0]);
    expect(new Set(answers.map(([answer]) => answer?.revision)).size).toBe(keys.length);
    expect(await versionsOf("shared")).toBe(keys.length);
    for (const key of keys) expect(await versionsOf(key)).toBe(1);
  });

  it("answers a late duplicate as it did then, whatever has changed since", async () => {
    const caller = withIdempotency(first, "late");
    const then = await commit(caller, put("late", 1, { expectedVersion: 0 }));
    await commit(first, remove("late"));
    expect(await commit(caller, put("late", 1, { expectedVersion: 0 }))).toEqual(then);
    expect(await commit(withIdempotency(second, "late"), put("late", 1))).toEqual(then);
    expect(await versionsOf("late")).toBe(2);
  });

  it("stands for a change set that changed nothing too", async () => {
    await commit(first, put("same", 1));
    const caller = withIdempotency(first, "nothing");
    const then = await commit(caller, put("same", 1));
    expect(then.changes).toEqual([]);
    await commit(first, put("same", 2));
    expect(await commit(caller, put("same", 1))).toEqual(then);
    expect(await versionsOf("same")).toBe(2);
  });

  it("stands for nothing where the change set was refused: the next try is judged anew", async () => {
    const caller = withIdempotency(first, "refused");
    const opened = openGroup(first);
    const refused = await Promise.allSettled([
      commit(caller, put("refused", 1, { expectedVersion: 1 })),
      commit(caller, put("refused", 1, { expectedVersion: 1 })),
    ]);
    await opened;
    expect(outcomesOf(refused)).toEqual(["CONFLICT", "CONFLICT"]);
    await commit(first, put("refused", 0));
    const answer = await commit(caller, put("refused", 1, { expectedVersion: 1 }));
    expect(answer.changes).toHaveLength(1);
    expect(await commit(caller, put("refused", 1, { expectedVersion: 1 }))).toEqual(answer);
  });

  it("is refused with another body, in one group as later, and then nothing happens", async () => {
    const caller = withIdempotency(first, "reused");
    const other = withIdempotency(first, "reused", { requestHash: "another" });
    const opened = openGroup(first);
    const settled = await Promise.allSettled([
      commit(caller, put("reused", 1)),
      commit(other, put("reused", 2)),
    ]);
    await opened;
    const [revision, code] = outcomesOf(settled);
    expect(code).toBe("IDEMPOTENCY_KEY_REUSED");
    await expect(commit(other, put("reused", 2))).rejects.toMatchObject({ code });
    expect((await commit(caller, put("reused", 1))).revision).toBe(revision);
    expect(await versionsOf("reused")).toBe(1);
  });

  it("belongs to one actor and one route", async () => {
    const caller = withIdempotency(first, "mine");
    const callers: Ctx[] = [
      caller,
      { ...caller, actor: { type: "key", id: "somebody-else" } },
      withIdempotency(first, "mine", { route: "POST /v1/rollback" }),
    ];
    const opened = openGroup(first);
    await Promise.all(callers.map((ctx, index) => commit(ctx, put("mine", index))));
    await opened;
    expect(await versionsOf("mine")).toBe(3);
  });

  it("is forgotten after 24 hours", async () => {
    const caller = withIdempotency(first, "old");
    await commit(caller, put("old", 1));
    await database.sql`
      update fairlead.idempotency_keys set created_at = created_at - interval '24 hours'
      where key = 'old'`;
    await commit(first, put("old", 2));
    const again = await commit(caller, put("old", 1));
    expect(again.changes).toHaveLength(1);
    expect(await commit(caller, put("old", 1))).toEqual(again);
    expect(await versionsOf("old")).toBe(3);
  });

  it("holds for rollbacks, which are planned anew each time", async () => {
    await commit(first, put("back", 1));
    await commit(first, put("back", 2));
    const caller = withIdempotency(first, "back");
    const rollback = { entry: put("back", 0), toVersion: 1, message: "" };
    const answers = await Promise.all([
      rollBack(caller, rollback),
      rollBack(withIdempotency(second, "back"), rollback),
    ]);
    await commit(first, put("back", 3));
    expect(await rollBack(caller, rollback)).toEqual(answers[0]);
    expect(answers[1]).toEqual(answers[0]);
    expect(await versionsOf("back")).toBe(4);
  });

  it("holds for changes of the catalogue", async () => {
    const answers = await Promise.all(
      [first, second, first].map((ctx) =>
        createApp(withIdempotency(ctx, "app", { route: "POST /v1/apps" }), { name: "once" }),
      ),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await expect(createApp(first, { name: "once" })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("leaves nothing behind for a dry run", async () => {
    const caller = withIdempotency(first, "dry");
    const changeSet = changeSetOf(put("dry", 1));
    const dry = await commitChangeSet(caller, { changeSet, dryRun: true });
    expect(dry).toMatchObject({ revision: null, changes: [{ version: 1 }] });
    expect(await versionsOf("dry")).toBe(0);
    expect((await commit(caller, put("dry", 1))).revision).not.toBeNull();
  });
});
