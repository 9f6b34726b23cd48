import type { ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createLogger } from "../../src/platform/log.ts";
import { parseSettings } from "../../src/platform/settings.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { insertWebhook } from "../../test/helpers/webhooks/dispatching.ts";
import { startConsumers } from "../../workers/start-consumers.ts";
import { startWebhooks } from "../../workers/webhooks/start-webhooks.ts";
import type { Bench } from "../bench.ts";
import type { Arrival } from "../load/webhook-receivers.ts";
import { percentile } from "../measure/statistics.ts";
import { formatCount, formatNumber, type Table } from "../report.ts";

const warmUps = 20;

/** From the acknowledgement of a commit to the arrival at the only receiver; one after the other. */
export const measureLatency = async (
  bench: Bench,
  target: { readonly sql: Sql; readonly databaseUrl: string; readonly url: string },
  receivers: ChildProcess,
): Promise<Table> => {
  const { databaseUrl, sql, url } = target;
  await sql`truncate fairlead.webhooks, fairlead.webhook_lanes, fairlead.webhook_deliveries`;
  await insertWebhook(sql, { url });
  const log = createLogger("error");
  const settings = parseSettings({ WEBHOOK_ALLOW_PRIVATE: "127.0.0.0/8" });
  const webhooks = startWebhooks({ databaseUrl, settings, log });
  const consumers = await startConsumers({ databaseUrl, consumers: [webhooks.consumer], log });
  bench.onClose(async () => {
    await consumers.stop();
    await webhooks.stop();
  });
  const arrivals = followArrivals(receivers);
  const ctx = createTestContext(sql);
  const timesMs: number[] = [];
  const endMs = performance.now() + bench.options.seconds * bench.options.rounds * 1_000;
  for (let index = -warmUps; index < 0 || performance.now() < endMs; index += 1) {
    const { revision } = await commit(ctx, put(`key.${index + warmUps}`, index));
    if (revision === null) throw new Error("a commit changed nothing");
    const committedMs = performance.timeOrigin + performance.now();
    const timeMs = (await arrivals.of(revision)) - committedMs;
    if (index >= 0) timesMs.push(timeMs);
  }
  const sorted = Float64Array.from(timesMs).toSorted();
  return {
    caption: "From the acknowledgement of a commit to the arrival at a receiver",
    columns: ["commits", "p50 ms", "p99 ms", "max ms"],
    rows: [
      [
        formatCount(sorted.length),
        ...[0.5, 0.99, 1].map((share) => formatNumber(percentile(sorted, share))),
      ],
    ],
  };
};

const followArrivals = (receivers: ChildProcess) => {
  const times = new Map<number, number>();
  const news = new EventEmitter();
  receivers.on("message", (message) => {
    const { atMs, revision } = message as Arrival;
    times.set(revision, atMs);
    news.emit("news");
  });
  receivers.send("tell");
  return {
    async of(revision: number): Promise<number> {
      for (;;) {
        const atMs = times.get(revision);
        if (atMs !== undefined) return atMs;
        await once(news, "news");
      }
    },
  };
};
