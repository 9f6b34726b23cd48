import { PgBoss } from "pg-boss";
import { productKinds } from "../src/app/product-kinds.ts";
import { configuredEdges } from "../src/edge/configured-edges.ts";
import { openLayerCache } from "../src/layers/cache/open-layer-cache.ts";
import { expireOutboxOnce } from "../src/outbox/expire-outbox.ts";
import { describeError, type Logger } from "../src/platform/log.ts";
import type { Settings } from "../src/platform/settings.ts";
import { connectSql, type Sql } from "../src/platform/sql.ts";
import { connectTcp } from "../src/platform/tcp-socket.ts";
import { disableOwnerlessOnce } from "../src/webhooks/deliveries/disable-ownerless.ts";
import { expireDeliveriesOnce } from "../src/webhooks/deliveries/expire-deliveries.ts";
import { expireIdempotencyKeysOnce } from "./expire-idempotency-keys.ts";
import { forgetEdgesOnce } from "./forget-edges.ts";
import { layersConsumer } from "./layers-consumer.ts";
import { edgeConsumers, publishAccess } from "./publish-to-edges.ts";
import { renderingConsumer } from "./render-job-specs.ts";
import { scheduleJob } from "./schedule-job.ts";
import { startConsumers } from "./start-consumers.ts";
import { startWebhooks } from "./webhooks/start-webhooks.ts";

interface WorkerDeps {
  readonly databaseUrl: string;
  readonly sql: Sql;
  readonly settings: Settings;
  readonly log: Logger;
}

type Stop = () => Promise<unknown>;

/** Starts the consumers of the outbox, and the jobs that pg-boss schedules; all of them, or none. */
export const startWorkers = async (deps: WorkerDeps): Promise<() => Promise<void>> => {
  const started: Stop[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => one()));
  };
  try {
    const wakes = await runConsumers(deps, started);
    await runJobs(deps, wakes, started);
    return stop;
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
};

/** Who may have something to do. */
interface Wakes {
  readonly consumers: () => void;
  readonly webhooks: () => void;
}

const runConsumers = async (
  { databaseUrl, log, settings }: WorkerDeps,
  started: Stop[],
): Promise<Wakes> => {
  const cache = openLayerCache(settings);
  const published = [...productKinds(settings).values()].filter((kind) => kind.published);
  const kinds = published.map(({ name }) => name);
  const edges = configuredEdges(settings);
  const webhooks = startWebhooks({ databaseUrl, settings, log });
  started.push(webhooks.stop);
  const consumers = [
    layersConsumer({ cache, kinds }),
    renderingConsumer(),
    webhooks.consumer,
    ...edgeConsumers(edges, kinds),
  ];
  const running = await startConsumers({ databaseUrl, consumers, log });
  started.push(async () => {
    await running.stop();
    await cache?.close();
  });
  const connect = () =>
    connectSql(databaseUrl, { max: 1, name: "fairlead-access", createSocket: connectTcp });
  for (const edge of edges) started.push(publishAccess({ edge, connect, log }));
  return { consumers: running.wake, webhooks: webhooks.wake };
};

const runJobs = async (deps: WorkerDeps, wakes: Wakes, started: Stop[]): Promise<void> => {
  const { databaseUrl, log, settings, sql } = deps;
  const boss = createBoss(databaseUrl, log);
  started.push(() => boss.stop({ graceful: true, timeout: 5_000 }));
  await boss.start();
  await runWebhookJobs(boss, deps, wakes);
  await scheduleJob(boss, {
    name: "look-at-outbox",
    cron: "* * * * *",
    timeoutSeconds: 60,
    run: async () => wakes.consumers(),
  });
  await scheduleJob(boss, {
    name: "expire-outbox",
    cron: "37 * * * *",
    timeoutSeconds: 600,
    async run() {
      const consumers = configuredEdges(settings).map(({ consumer }) => consumer);
      const { forgotten } = await forgetEdgesOnce({ sql, consumers });
      if (forgotten.length > 0) log.warn("forgot edges that nobody publishes to", { forgotten });
      const { deleted } = await expireOutboxOnce({ sql, windowDays: settings.streamWindowDays });
      if (deleted > 0) log.info("deleted outbox rows", { deleted });
    },
  });
  await scheduleJob(boss, {
    name: "expire-idempotency-keys",
    cron: "17 * * * *",
    timeoutSeconds: 600,
    async run() {
      const { deleted } = await expireIdempotencyKeysOnce({ sql });
      if (deleted > 0) log.info("forgot idempotency records", { deleted });
    },
  });
};

const runWebhookJobs = async (
  boss: PgBoss,
  { log, settings, sql }: WorkerDeps,
  wakes: Wakes,
): Promise<void> => {
  await scheduleJob(boss, {
    name: "look-at-deliveries",
    cron: "* * * * *",
    timeoutSeconds: 60,
    async run() {
      await disableOwnerlessOnce(sql);
      wakes.webhooks();
    },
  });
  await scheduleJob(boss, {
    name: "expire-deliveries",
    cron: "47 * * * *",
    timeoutSeconds: 600,
    async run() {
      const retentionDays = settings.webhookRetentionDays;
      const { deleted } = await expireDeliveriesOnce({ sql, retentionDays });
      if (deleted > 0) log.info("forgot webhook deliveries", { deleted });
    },
  });
};

const createBoss = (databaseUrl: string, log: Logger): PgBoss => {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    max: 4,
    application_name: "fairlead-workers",
  });
  let quietUntilMs = 0;
  boss.on("error", (error) => {
    // It polls on while the database is away, and says the same each time.
    if (Date.now() < quietUntilMs) return;
    quietUntilMs = Date.now() + 30_000;
    log.error("pg-boss failed", describeError(error));
  });
  return boss;
};
