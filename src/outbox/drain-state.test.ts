import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newEpoch } from "../../scripts/new-epoch.ts";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  consumerState,
  drain,
  expireLease,
  parkedRevisions,
  stateConsumer,
} from "../../test/helpers/drain.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import type { StateTarget } from "./consumer.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
  for (let number = 0; number < 5; number += 1) await commit(ctx, put("a", number));
});

afterAll(() => database.drop());

describe("a state consumer", () => {
  it("skips to the newest revision, and its cursor moves only after the effect", async () => {
    const targets: StateTarget[] = [];
    const consumer = stateConsumer("skips", async (target) => {
      targets.push(target);
      expect((await consumerState(database.sql, "skips")).revision).toBe(target.cursor.revision);
      return target.newest;
    });
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 5 });
    expect(targets).toMatchObject([{ cursor: { revision: 0 }, newest: { revision: 5 } }]);
    expect((await consumerState(database.sql, "skips")).revision).toBe(5);
  });

  it("goes on while there is something newer, as far as the copy came by itself", async () => {
    let rounds = 0;
    const consumer = stateConsumer("goes-on", async ({ cursor, newest }) => {
      rounds += 1;
      return { ...newest, revision: cursor.revision + 2 };
    });
    await drain(database.sql, consumer);
    // The third round reaches past what was newest.
    expect([rounds, (await consumerState(database.sql, "goes-on")).revision]).toEqual([3, 6]);
  });

  it("retries for ever and never parks", async () => {
    let isBroken = true;
    const consumer = stateConsumer("retries", async ({ newest }) => {
      if (isBroken) throw new Error("the cache is away");
      return newest;
    });
    for (let round = 1; round <= 30; round += 1) {
      expect(await drain(database.sql, consumer)).toMatchObject({ passed: 0, failed: 1 });
      expect(await consumerState(database.sql, "retries")).toMatchObject({
        revision: 0,
        attempts: round,
        lastError: "the cache is away",
      });
    }
    expect(await parkedRevisions(database.sql, "retries")).toEqual([]);
    isBroken = false;
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 5, failed: 0 });
    expect(await consumerState(database.sql, "retries")).toMatchObject({ attempts: 0 });
  });

  it("fails an effect that takes too long, and tells it so", async () => {
    const signals: AbortSignal[] = [];
    const never = new Promise<never>(() => {});
    const consumer = stateConsumer(
      "hangs",
      ({ signal }) => {
        signals.push(signal);
        return never;
      },
      { timeoutMs: 20 },
    );
    expect(await drain(database.sql, consumer)).toMatchObject({ failed: 1 });
    expect(signals[0]?.aborted).toBe(true);
    expect((await consumerState(database.sql, "hangs")).lastError).toContain("longer than 20 ms");
  });

  it("brings a copy up to date that has lost what it held, though the cursor is at the newest", async () => {
    let isCurrent = true;
    let brought = 0;
    const bring = async ({ newest }: StateTarget) => {
      brought += 1;
      return newest;
    };
    const consumer = stateConsumer("lost", bring, { isCurrent: async () => isCurrent });
    await drain(database.sql, consumer);
    await drain(database.sql, consumer);
    expect(brought).toBe(1);
    isCurrent = false;
    await drain(database.sql, consumer);
    expect(brought).toBe(2);
    const unreachable = stateConsumer("lost", bring, {
      isCurrent: () => Promise.reject(new Error("away")),
    });
    await drain(database.sql, unreachable);
    expect(brought).toBe(3);
  });

  it("never moves its cursor back within an epoch", async () => {
    const forward = stateConsumer("forward", async ({ newest }) => newest);
    await drain(database.sql, forward);
    const back = stateConsumer("forward", async ({ newest }) => ({ ...newest, revision: 1 }), {
      isCurrent: async () => false,
    });
    expect(await drain(database.sql, back)).toMatchObject({ passed: 0 });
    const { revision } = await consumerState(database.sql, "forward");
    expect(revision).toBe(5);
  });

  it("moves nothing when somebody else has taken over meanwhile", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const slow = stateConsumer("stalled", async ({ newest }) => {
      begun.resolve();
      await release.promise;
      return newest;
    });
    const first = drain(database.sql, slow, "first");
    await begun.promise;
    await expireLease(database.sql, "stalled");
    const fences: number[] = [];
    const failing = stateConsumer("stalled", async ({ fence }) => {
      fences.push(fence);
      throw new Error("not this one either");
    });
    await drain(database.sql, failing, "second");
    release.resolve();
    expect(await first).toMatchObject({ passed: 0 });
    expect(await consumerState(database.sql, "stalled")).toMatchObject({
      revision: 0,
      attempts: 1,
    });
    expect(fences).toEqual([2]);
  });

  it("begins anew in a new epoch, at whatever revision that stands", async () => {
    const targets: StateTarget[] = [];
    const consumer = stateConsumer("anew", async (target) => {
      targets.push(target);
      return target.newest;
    });
    await drain(database.sql, consumer);
    const { from, to } = await newEpoch(database.sql);
    await drain(database.sql, consumer);
    await drain(database.sql, consumer);
    expect(targets).toHaveLength(2);
    expect(targets[1]).toMatchObject({
      cursor: { epoch: from, revision: 5 },
      newest: { epoch: to, revision: 5 },
    });
    expect(await consumerState(database.sql, "anew")).toMatchObject({ epoch: to, revision: 5 });
  });
});
