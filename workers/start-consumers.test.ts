import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Ctx } from "../src/context.ts";
import type { StateConsumer } from "../src/outbox/consumer.ts";
import { createLogger } from "../src/platform/log.ts";
import { commit, put } from "../test/helpers/change-sets.ts";
import { createTestDatabase } from "../test/helpers/database.ts";
import { consumerState, stateConsumer } from "../test/helpers/drain.ts";
import { startTcpProxy } from "../test/helpers/tcp-proxy.ts";
import { createTestContext } from "../test/helpers/test-context.ts";
import { type RunningConsumers, startConsumers } from "./start-consumers.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let running: RunningConsumers | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterEach(async () => {
  await running?.stop();
  await database.drop();
});

const start = async (consumer: StateConsumer, databaseUrl = database.url): Promise<void> => {
  const log = createLogger("error", () => {});
  running = await startConsumers({ databaseUrl, consumers: [consumer], log });
};

const change = async (): Promise<number> =>
  (await commit(ctx, put("a", Math.random()))).revision ?? 0;

/** A consumer that tells how far it has come. */
const following = (more: Partial<StateConsumer> = {}) => {
  let reached = 0;
  const consumer = stateConsumer(
    "following",
    async ({ newest }) => {
      reached = newest.revision;
      return newest;
    },
    more,
  );
  const reaches = async (revision: number): Promise<void> => {
    while (reached < revision) await sleep(5);
  };
  return { consumer, reaches };
};

describe("consumers", () => {
  it("follow what is committed, urgent or not", async () => {
    for (const isUrgent of [true, false]) {
      const { consumer, reaches } = following({ isUrgent });
      await start(consumer);
      await reaches(await change());
      await reaches(await change());
      await running!.stop();
      const { revision } = await consumerState(database.sql, "following");
      expect(revision).toBeGreaterThan(1);
    }
  });

  it("notice by their poll what a dead connection does not announce, and replace it", async () => {
    const url = new URL(database.url);
    const proxy = await startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    const isHeld = proxy.watch('listen "fairlead_revision"', "hold the answer");
    const { consumer, reaches } = following();
    await start(consumer, url.href);
    await isHeld;
    const listeners = async (): Promise<number[]> => {
      const rows = await database.sql<{ pid: number }[]>`
        select pid from pg_stat_activity
        where datname = current_database() and query = 'listen "fairlead_revision"'`;
      return rows.map(({ pid }) => pid);
    };
    // However early the first one is replaced, a second one comes.
    const seen = new Set(await listeners());
    while (seen.size < 2) {
      if (seen.size > 0) await reaches(await change());
      for (const pid of await listeners()) seen.add(pid);
    }
    const newest = await change();
    await reaches(newest);
    await running!.stop();
    running = undefined;
    expect(await consumerState(database.sql, "following")).toMatchObject({ revision: newest });
    await proxy.close();
  });

  it("finish the effect that is under way when they are stopped, and give the lease back", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const revision = await change();
    await start(
      stateConsumer("slow", async ({ newest }) => {
        begun.resolve();
        await release.promise;
        return newest;
      }),
    );
    await begun.promise;
    expect(await consumerState(database.sql, "slow")).toMatchObject({ revision: 0 });
    const stopped = running!.stop();
    release.resolve();
    await stopped;
    running = undefined;
    expect(await consumerState(database.sql, "slow")).toMatchObject({ revision, holder: null });
  });
});
