import { PgBoss } from "pg-boss";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../src/platform/log.ts";
import { parseSettings } from "../src/platform/settings.ts";
import { createTestDatabase } from "../test/helpers/database.ts";
import { startWorkers } from "./start-workers.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const runOnce = async (): Promise<void> => {
  const log = createLogger("error", () => {});
  const { sql, url } = database;
  const stop = await startWorkers({ databaseUrl: url, sql, settings: parseSettings({}), log });
  await stop();
};

const withBoss = async <Result>(use: (boss: PgBoss) => Promise<Result>): Promise<Result> => {
  const boss = new PgBoss({ connectionString: database.url, schedule: false, supervise: false });
  await boss.start();
  try {
    return await use(boss);
  } finally {
    await boss.stop({ graceful: false });
  }
};

const names = [
  "expire-deliveries",
  "expire-idempotency-keys",
  "expire-outbox",
  "look-at-deliveries",
  "look-at-outbox",
];

const traits = {
  policy: "singleton",
  heartbeatSeconds: 30,
  retryLimit: 5,
  retryDelay: 10,
  retryBackoff: true,
  retryDelayMax: 300,
  retentionSeconds: 86_400,
  deleteAfterSeconds: 86_400,
};

describe("the workers", () => {
  it("leave no default of pg-boss to their jobs that could lose a run, whoever made the queue", async () => {
    await withBoss((boss) => boss.createQueue("look-at-outbox", { policy: "singleton" }));
    await runOnce();
    await withBoss(async (boss) => {
      for (const name of names) {
        expect(await boss.getQueue(name)).toMatchObject({ name, ...traits });
        expect((await boss.getQueue(name))?.expireInSeconds).toBeLessThanOrEqual(600);
      }
      const schedules = await boss.getSchedules();
      expect(schedules.map(({ name }) => name).toSorted()).toEqual(names);
      expect(schedules.find(({ name }) => name === "look-at-outbox")?.cron).toBe("* * * * *");
    });
  });

  it("register the consumers, once", async () => {
    await runOnce();
    await runOnce();
    const consumers = await database.sql`
      select name, kind from fairlead.consumers order by name`;
    expect(consumers).toEqual([
      { name: "job-specs", kind: "state" },
      { name: "layers", kind: "state" },
      { name: "webhooks", kind: "event" },
    ]);
  });
});
