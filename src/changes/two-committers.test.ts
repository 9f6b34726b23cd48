import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { effort } from "../../test/helpers/effort.ts";
import { expectSoundStore } from "../../test/helpers/expect-sound-store.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { createApp } from "../environments/create-app.ts";
import { createEnvironment } from "../environments/create-environment.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import type { CommitResult } from "./change-set.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let secondSql: Sql;
let first: Ctx;
let second: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  secondSql = connectSql(database.url, { max: 10 });
  first = createTestContext(database.sql);
  second = createTestContext(secondSql);
});

afterEach(async () => {
  await expectSoundStore(database.sql);
  await secondSql.end();
  await database.drop();
});

const positionsOf = ({ effective }: CommitResult): string[] =>
  effective.map(({ app, environment }) => `${app ?? "*"}/${environment ?? "*"}`).toSorted();

describe("two committers on one database", () => {
  it("see each other's apps and environments at once, however they came to be", async () => {
    // Both have read the catalogue before it changes.
    await commit(first, put("a", 1));
    await commit(second, put("a", 2));
    await createEnvironment(first, { name: "qa", rank: 15, protected: false });
    await commit(second, put("in-qa", 1, { environment: "qa" }));
    await createApp(second, { name: "billing" });
    expect(positionsOf(await commit(first, put("b", 1, { environment: "qa" })))).toEqual([
      "*/qa",
      "billing/qa",
    ]);
    await commit(first, put("x", 1, { app: "search" }));
    expect(positionsOf(await commit(second, put("c", 1, { environment: "qa" })))).toEqual([
      "*/qa",
      "billing/qa",
      "search/qa",
    ]);
    // An app that both bring into being is one app.
    await Promise.all(
      [first, second].map((ctx, index) => commit(ctx, put(`y${index}`, 1, { app: "both" }))),
    );
    expect(positionsOf(await commit(first, put("d", 1, { environment: "qa" })))).toHaveLength(4);
    expect(positionsOf(await commit(second, put("e", 1, { environment: "qa" })))).toHaveLength(4);
  });

  it("remember no app of a change set that was refused", async () => {
    await commit(first, put("a", 1));
    const lost = commit(first, put("a", 2, { app: "ghost", expectedVersion: 3 }));
    await expect(lost).rejects.toMatchObject({ code: "CONFLICT" });
    for (const ctx of [first, second]) {
      expect(positionsOf(await commit(ctx, put("b", ctx === first ? 1 : 2)))).toEqual([
        "*/*",
        "*/development",
        "*/production",
        "*/staging",
      ]);
    }
  });

  it("lose no app or environment that one makes while the other commits all the time", async () => {
    let running = true;
    const load = Array.from({ length: 4 }, async (_, client) => {
      for (let turn = 0; running; turn += 1) await commit(first, put(`load.${client}`, turn));
    });
    const rounds = 25 * effort;
    for (let round = 0; round < rounds; round += 1) {
      const environment = `env-${round}`;
      await createEnvironment(second, { name: environment, rank: round, protected: false });
      await commit(second, put("x", round, { app: `app-${round}` }));
      // None named, and as many apps as there have been rounds.
      const { effectiveTotal } = await commit(first, put(`at.${round}`, 1, { environment }));
      expect(effectiveTotal).toBe(round + 2);
    }
    running = false;
    await Promise.all(load);
    const [catalogue] = await database.sql`select catalogue_version from fairlead.deployment`;
    expect(catalogue).toEqual({ catalogue_version: 2 * rounds });
  });

  it(
    "keep revisions gapless and lose no update while both commit all the time",
    async () => {
      const until = performance.now() + 2_000 * effort;
      let increments = 0;
      const increment = async (ctx: Ctx, client: number): Promise<void> => {
        let value = 0;
        let version = 0;
        while (performance.now() < until || increments <= 20) {
          const app = `app-${client}-${increments % 40}`;
          const [shared] = await Promise.allSettled([
            commit(ctx, put("counter", value + 1, { expectedVersion: version })),
            commit(ctx, put("own", increments, { app })),
          ]);
          if (shared.status === "fulfilled") {
            increments += 1;
            ({ version } = shared.value.changes[0]!);
            value += 1;
          } else {
            const [current] = shared.reason.members.conflicts;
            ({ currentValue: value, currentVersion: version } = current);
            // Lets another win, or the same one wins all the time.
            await sleep(Math.random() * 3);
          }
        }
      };
      await Promise.all(
        Array.from({ length: 8 }, (_, client) =>
          increment(client % 2 === 0 ? first : second, client),
        ),
      );
      const [row] =
        await database.sql`select value, version from fairlead.entry_versions where key = 'counter'
          order by version desc limit 1`;
      expect(row).toEqual({ value: increments, version: increments });
    },
    60_000 * effort,
  );
});
