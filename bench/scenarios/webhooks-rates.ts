import { randomBytes, randomUUID } from "node:crypto";
import { Agent } from "undici";
import { createLogger } from "../../src/platform/log.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { insertWebhook } from "../../test/helpers/webhooks/dispatching.ts";
import { createDispatcher } from "../../workers/webhooks/dispatcher.ts";
import { createRequestSender } from "../../workers/webhooks/send-request.ts";
import type { Bench } from "../bench.ts";
import { median } from "../measure/statistics.ts";
import { formatCount, formatSpread, type Table } from "../report.ts";
import { loopbackRules } from "./webhooks-rules.ts";

const deliveries = 6_000;
const concurrency = 64;
const perEndpoint = 8;
/** A change event of one entry, thin. */
const body = JSON.stringify({
  specversion: "1.0",
  data: { changes: [randomBytes(150).toString("hex")] },
});

interface Rates {
  readonly own: number[];
  readonly bare: number[];
}

/** Deliveries that are owed already, to 1 and to 100 receivers, beside as many bare requests. */
export const measureRates = async (bench: Bench, sql: Sql, urls: readonly string[]) => {
  const rows: string[][] = [];
  const ratios: Record<string, number> = {};
  for (const endpoints of [1, 100]) {
    const some = urls.slice(0, endpoints);
    const rates: Rates = { own: [], bare: [] };
    for (let round = -1; round < bench.options.rounds; round += 1) {
      const own = await deliver(sql, some);
      const bare = await sendBare(some);
      if (round < 0) continue;
      rates.own.push(own);
      rates.bare.push(bare);
    }
    const against = rates.own.map((own, round) => own / (rates.bare[round] ?? Number.NaN));
    ratios[`webhooks/deliveries/${endpoints}/undici`] = median(against);
    rows.push(
      ["Fairlead", String(endpoints), formatCount(median(rates.own)), formatSpread(against)],
      ["bare undici requests", String(endpoints), formatCount(median(rates.bare)), ""],
    );
  }
  return { table: tableOf(rows), ratios };
};

const tableOf = (rows: readonly string[][]): Table => ({
  caption: `${formatCount(deliveries)} deliveries that are due, of ${body.length} bytes, at most ${perEndpoint} at once to one receiver and ${concurrency} in all`,
  columns: ["what", "receivers", "requests/s", "÷ undici: min / median / max"],
  rows,
});

const fill = async (sql: Sql, urls: readonly string[]): Promise<void> => {
  await sql`truncate fairlead.webhooks, fairlead.webhook_lanes, fairlead.webhook_deliveries`;
  for (const url of urls) await insertWebhook(sql, { url });
  await sql`
    insert into fairlead.webhook_deliveries
      (id, webhook_id, event_id, event_type, revision, entries, content_type, body, created_at, state,
       next_attempt_at)
    select gen_random_uuid(), w.id, n::text, 'dev.fairlead.change.v1', n,
      json_build_array('config///key.' || n), 'application/cloudevents+json; charset=utf-8', ${body},
      clock_timestamp(), 'pending', clock_timestamp()
    from generate_series(1, ${deliveries / urls.length}::int) n cross join fairlead.webhooks w`;
  await sql`update fairlead.webhook_lanes set due_at = clock_timestamp()`;
  await sql`vacuum analyze fairlead.webhook_deliveries, fairlead.webhook_lanes, fairlead.webhooks`;
  await sql`checkpoint`;
};

const deliver = async (sql: Sql, urls: readonly string[]): Promise<number> => {
  await fill(sql, urls);
  const sender = createRequestSender({ rules: loopbackRules });
  const dispatcher = createDispatcher({
    sql,
    sender,
    holder: randomUUID(),
    leaseMs: 15_000,
    version: "bench",
    log: createLogger("error"),
    concurrency,
    concurrencyPerEndpoint: perEndpoint,
  });
  const startedMs = performance.now();
  const { delivered } = await dispatcher.drain();
  const elapsedMs = performance.now() - startedMs;
  await dispatcher.stop(0);
  await sender.close();
  if (delivered !== deliveries) throw new Error(`${delivered} of ${deliveries} were delivered`);
  return (deliveries * 1_000) / elapsedMs;
};

/** The same requests from the same client, with nothing around them. */
const sendBare = async (urls: readonly string[]): Promise<number> => {
  const agent = new Agent({ pipelining: 1 });
  const headers = { "content-type": "application/cloudevents+json; charset=utf-8" };
  let begun = 0;
  const run = async (url: string): Promise<void> => {
    const origin = new URL(url).origin;
    while (begun < deliveries) {
      begun += 1;
      const answer = await agent.request({ origin, path: "/", method: "POST", headers, body });
      await answer.body.dump();
    }
  };
  const loops = Math.min(concurrency, urls.length * perEndpoint);
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: loops }, (_, at) => run(urls[at % urls.length] ?? "")));
  const elapsedMs = performance.now() - startedMs;
  await agent.close();
  return (deliveries * 1_000) / elapsedMs;
};
