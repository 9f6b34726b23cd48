import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  changeSetOf,
  commit,
  commitAsGroup,
  openGroup,
  outcomesOf,
  put,
  remove,
  revisionsByTransaction,
} from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { expectSoundStore } from "../../test/helpers/expect-sound-store.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import type { Json } from "../platform/json.ts";
import type { Operation } from "./change-set.ts";
import { commitChangeSet } from "./commit-change-set.ts";
import { rollBack } from "./roll-back.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let lines: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  lines = [];
  ctx = createTestContext(database.sql, { log: (line) => lines.push(line) });
});

afterEach(() => database.drop());

const group = async (...changeSets: readonly (readonly Operation[])[]) =>
  commitAsGroup(
    ctx,
    changeSets.map((operations) => changeSetOf(...operations)),
  );

const valueOf = async (key: string): Promise<Json | undefined> => {
  const rows = await database.sql<{ value: Json }[]>`
    select value from fairlead.entry_versions where key = ${key} order by version desc limit 1`;
  return rows[0]?.value;
};

describe("a group", () => {
  it("commits its members in one transaction, each with a revision of its own, in their order", async () => {
    const settled = await group(...Array.from({ length: 50 }, (_, index) => [put("k", index)]));
    const order = Array.from({ length: 50 }, (_, index) => index + 1);
    expect(outcomesOf(settled)).toEqual(order);
    expect(await revisionsByTransaction(database.sql)).toEqual([order]);
    const versions = await database.sql`
      select version, revision, value from fairlead.entry_versions order by version`;
    expect([...versions]).toEqual(
      order.map((revision) => ({ version: revision, revision, value: revision - 1 })),
    );
    await expectSoundStore(database.sql);
  });

  it("refuses bad members for themselves: the others are neither failed, delayed nor reordered", async () => {
    await commit(ctx, put("taken", 1), put("number", 1, { schema: { type: "number" } }));
    const settled = await group(
      [put("a", 1)],
      [put("taken", 2, { expectedVersion: 7 })],
      [put("b", 1)],
      [put("number", "text")],
      [remove("missing")],
      [put("c", 1), put("c2", 1, { environment: "nowhere" })],
      [put("d", null)],
      [put("e", 1)],
      [put("f", 1, { schema: { type: "nonsense" } })],
      [put("g", "x".repeat(300_000))],
      [put("h", 1)],
    );
    expect(outcomesOf(settled)).toEqual([
      2,
      "CONFLICT",
      3,
      "UNPROCESSABLE",
      "NOT_FOUND",
      "NOT_FOUND",
      "UNPROCESSABLE",
      4,
      "UNPROCESSABLE",
      "TOO_LARGE",
      5,
    ]);
    expect(await revisionsByTransaction(database.sql)).toEqual([[1], [2, 3, 4, 5]]);
    expect(await valueOf("c")).toBeUndefined();
    expect(lines).toEqual([]);
    await expectSoundStore(database.sql);
  });

  it("refuses what is wrong with a change set by itself before it joins a group", async () => {
    const settled = await group(
      [put("twice", 1), put("twice", 2)],
      [put("-", 1)],
      [put("a", 1, { kind: "unheard-of" })],
      [put("a", 1, { app: "no spaces" })],
      Array.from({ length: 10_001 }, (_, index) => put(`k${index}`, 1)),
    );
    expect(outcomesOf(settled)).toEqual([
      "INVALID_INPUT",
      "INVALID_INPUT",
      "INVALID_INPUT",
      "INVALID_INPUT",
      "TOO_LARGE",
    ]);
    await expectSoundStore(database.sql);
  });

  it("takes no revision for a member that changes nothing, and answers the one that holds", async () => {
    const settled = await group([put("a", 1)], [put("a", 1)], [put("a", 2)], [put("a", 2)]);
    expect(outcomesOf(settled)).toEqual([1, 1, 2, 2]);
    expect(settled[1]).toMatchObject({ value: { changes: [], effective: [], effectiveTotal: 0 } });
    await expectSoundStore(database.sql);
  });

  it("keeps the order of plans and change sets that wait together", async () => {
    await commit(ctx, put("a", 1));
    const opened = openGroup(ctx);
    const settled = await Promise.allSettled([
      commit(ctx, put("a", 2)),
      rollBack(ctx, { entry: put("a", 0), toVersion: 1 }),
      commit(ctx, put("a", 3, { expectedVersion: 3 })),
      rollBack(ctx, { entry: put("a", 0), toVersion: 9 }),
      rollBack(ctx, { toRevision: 2 }),
      commit(ctx, put("b", 1)),
    ]);
    await opened;
    expect(outcomesOf(settled)).toEqual([2, 3, 4, "NOT_FOUND", 5, 6]);
    expect(await valueOf("a")).toBe(2);
    await expectSoundStore(database.sql);
  });

  it("never goes back in time, even where the clock does", async () => {
    await commit(ctx, put("a", 1));
    await database.sql`
      update fairlead.deployment set committed_at = committed_at + interval '1 hour'`;
    await group([put("a", 2)], [put("a", 3)]);
    await commit(ctx, put("a", 4));
    const [times] = await database.sql`
      select count(*) as later from fairlead.change_sets
      where committed_at > clock_timestamp() + interval '59 minutes'`;
    expect(times).toEqual({ later: 3 });
    await expectSoundStore(database.sql);
  });

  it("commits more than one group's worth of members without losing one", async () => {
    const settled = await group(
      ...Array.from({ length: 1_500 }, (_, index) => [put(`k${index}`, index)]),
    );
    expect(outcomesOf(settled)).toEqual(Array.from({ length: 1_500 }, (_, index) => index + 1));
    const transactions = await revisionsByTransaction(database.sql);
    expect(transactions.length).toBeLessThan(15);
    await expectSoundStore(database.sql);
  });
});

describe("members that depend on each other", () => {
  it("see the versions that those before them made", async () => {
    const settled = await group(
      [put("a", 1, { expectedVersion: 0 })],
      [put("a", 2, { expectedVersion: 0 })],
      [put("a", 3, { expectedVersion: 1 })],
      [remove("a", { expectedVersion: 2 })],
      [put("a", 4, { expectedVersion: 2 })],
      [put("a", 5, { expectedVersion: 0 })],
      [remove("a"), put("b", 1)],
      [remove("a")],
    );
    expect(outcomesOf(settled)).toEqual([1, "CONFLICT", 2, 3, "CONFLICT", 4, 5, "NOT_FOUND"]);
    const lost = settled[1];
    expect(lost).toMatchObject({
      reason: {
        members: {
          currentRevision: 1,
          currentVersion: 1,
          conflicts: [{ currentVersion: 1, currentRevision: 1, currentValue: 1 }],
        },
      },
    });
    const versions = await database.sql`
      select version, op from fairlead.entry_versions where key = 'a' order by version`;
    expect(versions.map(({ op, version }) => `${version} ${op}`)).toEqual([
      "1 put",
      "2 put",
      "3 delete",
      "4 put",
      "5 delete",
    ]);
    await expectSoundStore(database.sql);
  });

  it("lose expectedRevision to those before them, on the same entry only", async () => {
    await commit(ctx, put("a", 1), put("b", 1));
    const opened = openGroup(ctx);
    const settled = await Promise.allSettled(
      [put("a", 2), put("b", 2), put("a", 3)].map((operation) =>
        commitChangeSet(ctx, { changeSet: { ...changeSetOf(operation), expectedRevision: 1 } }),
      ),
    );
    await opened;
    expect(outcomesOf(settled)).toEqual([2, 3, "CONFLICT"]);
  });

  it("are held to a schema that one before them put, in whatever layer", async () => {
    const settled = await group(
      [put("pool", 5, { schema: { type: "integer", maximum: 10 } })],
      [put("pool", 11)],
      [put("pool", 12, { app: "billing", environment: "production" })],
      [put("pool", 10, { app: "billing" })],
      [put("pool", 3, { schema: { maximum: 4 } })],
      [remove("pool", { app: "billing" }), put("pool", 3, { schema: { maximum: 4 } })],
    );
    expect(outcomesOf(settled)).toEqual([
      1,
      "UNPROCESSABLE",
      "UNPROCESSABLE",
      2,
      "UNPROCESSABLE",
      3,
    ]);
    await expectSoundStore(database.sql);
  });

  it("are judged by what shows through once one before them is gone", async () => {
    const needsBoth = { schema: { required: ["host", "port"] } };
    await commit(ctx, put("db", { host: "h" }));
    const settled = await group(
      [put("db", { port: 1 }, { app: "billing", merge: "deep", ...needsBoth })],
      [remove("db")],
      [put("db", { port: 2, host: "own" }, { app: "billing", merge: "deep" })],
      [remove("db")],
      [put("db", { port: 2, host: null }, { app: "billing", merge: "deep" })],
    );
    expect(outcomesOf(settled)).toEqual([2, "UNPROCESSABLE", 3, 4, "UNPROCESSABLE"]);
    await expectSoundStore(database.sql);
  });

  it("merge over what one before them left: deleted is nothing to merge over", async () => {
    await commit(ctx, put("db", { host: "h", port: 1 }));
    const settled = await group(
      [put("db", { port: 2 }, { app: "billing", merge: "deep" })],
      [remove("db"), put("other", 1)],
      [put("db", { tls: true }, { app: "billing" })],
    );
    const effective = settled.map((answer) =>
      answer.status === "fulfilled"
        ? answer.value.effective.find(({ app, environment }) => app === "billing" && !environment)
        : answer.reason,
    );
    expect(effective).toEqual([
      expect.objectContaining({ before: { host: "h", port: 1 }, after: { host: "h", port: 2 } }),
      expect.objectContaining({ before: { host: "h", port: 2 }, after: { port: 2 } }),
      expect.objectContaining({ before: { port: 2 }, after: { tls: true } }),
    ]);
  });

  it("see the app that one before them brought into being", async () => {
    const settled = await group(
      [put("a", 1)],
      [put("x", 1, { app: "billing" })],
      [put("a", 2)],
      [put("y", 1, { app: "billing" }), put("y", 1, { app: "search" })],
      [put("a", 3)],
    );
    const totals = settled.map((answer) =>
      answer.status === "fulfilled" ? answer.value.effectiveTotal : answer.reason,
    );
    // Each app, and none, in each of the three environments, and none.
    expect(totals).toEqual([4, 4, 8, 8, 12]);
    const [counter] = await database.sql`select catalogue_version from fairlead.deployment`;
    expect(counter).toEqual({ catalogue_version: 2 });
    await expectSoundStore(database.sql);
  });

  it("meet the guard rails of the layer as those before them left it", async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const guarded = (...operations: readonly Operation[]) => ({
      ...changeSetOf(...operations),
      allowLargeChange: false,
    });
    const settled = await commitAsGroup(ctx, [
      guarded(...keys.slice(0, 19).map((key) => put(key, 1))),
      guarded(...keys.slice(0, 19).map((key) => put(key, 2))),
      guarded(put(keys[19]!, 1)),
      guarded(...keys.slice(0, 11).map((key) => put(key, 3))),
      guarded(...keys.slice(0, 10).map((key) => put(key, 3))),
      guarded(...keys.slice(0, 10).map((key) => remove(key))),
      guarded(...keys.slice(10).map((key) => remove(key))),
      guarded(...keys.slice(10).map((key) => remove(key)), put("last", 1)),
      guarded(remove("last")),
    ]);
    const large = "LARGE_CHANGE";
    expect(outcomesOf(settled)).toEqual([1, 2, 3, large, 4, 5, large, 6, large]);
    await expectSoundStore(database.sql);
  });

  it("count towards the limit of a layer's keys", async () => {
    ctx = createTestContext(database.sql, { settings: { MAX_LAYER_KEYS: "2" } });
    const settled = await group(
      [put("a", 1), put("b", 1)],
      [put("c", 1)],
      [remove("a"), put("c", 1)],
      [put("c", 2)],
      [put("a", 1)],
    );
    expect(outcomesOf(settled)).toEqual([1, "UNPROCESSABLE", 2, 3, "UNPROCESSABLE"]);
  });
});

describe("an overloaded committer", () => {
  it("refuses with UNAVAILABLE and a time to come back, and goes on with what it has", async () => {
    const many = Array.from({ length: 9_000 }, (_, index) => remove(`missing${index}`));
    const opened = openGroup(ctx);
    const settled = await Promise.allSettled(
      Array.from({ length: 24 }, () => commit(ctx, ...many)),
    );
    await opened;
    const [accepted, refused] = [settled.slice(0, 22), settled.slice(22)];
    expect(new Set(outcomesOf(accepted))).toEqual(new Set(["NOT_FOUND"]));
    for (const answer of refused) {
      expect(answer).toMatchObject({
        reason: { code: "UNAVAILABLE", headers: { "retry-after": "1" } },
      });
    }
    expect((await commit(ctx, put("after", 1))).revision).toBe(1);
    await expectSoundStore(database.sql);
  });
});
