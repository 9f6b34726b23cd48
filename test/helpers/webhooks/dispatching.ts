import { randomUUID } from "node:crypto";
import { createLogger } from "../../../src/platform/log.ts";
import type { Sql } from "../../../src/platform/sql.ts";
import { inTransaction } from "../../../src/platform/transaction.ts";
import { enqueueEvents } from "../../../src/webhooks/deliveries/enqueue-events.ts";
import type { WebhookEvent } from "../../../src/webhooks/deliveries/webhook-event.ts";
import { changeEvent } from "../../../src/webhooks/event-types.ts";
import type { DispatcherDeps } from "../../../workers/webhooks/dispatch-state.ts";
import type { Outcome } from "../../../workers/webhooks/outcome.ts";
import type { RequestSender, WebhookRequest } from "../../../workers/webhooks/send-request.ts";
import { insertKey } from "../access-rows.ts";

interface HookOptions {
  readonly url?: string;
  readonly owner?: string;
  readonly events?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: "thin" | "full";
  readonly app?: string;
  readonly environment?: string;
  readonly prefix?: string;
}

/** A webhook as its row alone, of an owner who may do everything. */
export const insertWebhook = async (sql: Sql, options: HookOptions = {}): Promise<string> => {
  const id = randomUUID();
  const owner = options.owner ?? (await insertKey(sql)).id;
  const { app = "", environment = "", events = ["*"], headers = {}, prefix = "" } = options;
  const url = options.url ?? `https://${id}.example/hook`;
  await sql`
    with lane as (insert into fairlead.webhook_lanes (webhook_id) values (${id}))
    insert into fairlead.webhooks
      (id, url, events, app, environment, prefix, payload, format, description, headers, signatures,
       secret, enabled, owner, created_at, updated_at, version)
    values (
      ${id}, ${url}, ${JSON.stringify(events)}::text::json, ${app}, ${environment}, ${prefix},
      ${options.payload ?? "thin"}, 'cloudevents', '', ${JSON.stringify(headers)}::text::json,
      '["v1"]', sha256(${id}), true, ${owner}, clock_timestamp(), clock_timestamp(), 1
    )`;
  return id;
};

/** Owes webhooks events, each about one entry, in this order. */
export const oweEvents = (
  sql: Sql,
  events: readonly { readonly webhookId?: string; readonly entry?: string; readonly id?: string }[],
): Promise<readonly string[]> =>
  inTransaction(sql, "read write", (tx) =>
    enqueueEvents(
      tx,
      events.map(
        ({ entry = randomUUID(), id = randomUUID(), webhookId }): WebhookEvent => ({
          id,
          type: changeEvent,
          source: "/fairlead",
          time: "2026-01-31T12:00:00.123456Z",
          revision: null,
          ...(webhookId === undefined ? {} : { webhookId }),
          contentFor: () => ({ data: { event: id }, entries: [entry] }),
        }),
      ),
    ),
  );

export const delivered: Outcome = { ok: true, status: 204, durationMs: 1, excerpt: "" };

export const failed = (status: number, retryAfterMs?: number): Outcome => ({
  ok: false,
  kind: "status",
  status,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  error: `The receiver answered ${status}.`,
  durationMs: 1,
  excerpt: "no",
});

interface FakeSender extends Pick<RequestSender, "send"> {
  readonly sent: readonly WebhookRequest[];
  /** Requests that were under way at once, at most: in all, and to one URL. */
  peak(): number;
  peakOf(url: string): number;
}

/** Answers what the test says, and remembers what was asked. */
export const fakeSender = (
  answer: (request: WebhookRequest) => Outcome | Promise<Outcome> = () => delivered,
): FakeSender => {
  const sent: WebhookRequest[] = [];
  const underWay = new Map<string, number>();
  const peaks = new Map<string, number>();
  let all = 0;
  let peak = 0;
  const count = (url: string, step: number): void => {
    const now = (underWay.get(url) ?? 0) + step;
    underWay.set(url, now);
    peaks.set(url, Math.max(now, peaks.get(url) ?? 0));
    all += step;
    peak = Math.max(peak, all);
  };
  return {
    sent,
    peak: () => peak,
    peakOf: (url) => peaks.get(url) ?? 0,
    async send(request) {
      sent.push(request);
      count(request.url, 1);
      try {
        return await answer(request);
      } finally {
        count(request.url, -1);
      }
    },
  };
};

/** What a process that sends needs, with everything that a test does not say. */
export const dispatching = (
  sql: Sql,
  sender: Pick<RequestSender, "send">,
  more: Partial<DispatcherDeps> = {},
): DispatcherDeps => ({
  sql,
  sender,
  holder: randomUUID(),
  leaseMs: 15_000,
  version: "0.0.0",
  log: createLogger("error", () => {}),
  concurrency: 64,
  concurrencyPerEndpoint: 8,
  random: () => 0.5,
  ...more,
});

export interface DeliveryState {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly state: string;
  readonly attempts: number;
  readonly interrupted: number;
  /** From now, in seconds, rounded; null where there is none. */
  readonly waitSeconds: number | null;
  readonly status: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
}

export const deliveriesOf = (sql: Sql, webhookId: string) => sql<DeliveryState[]>`
  select
    id, webhook_id as "webhookId", event_id as "eventId", state, attempts, interrupted,
    round(extract(epoch from next_attempt_at - clock_timestamp()))::int as "waitSeconds",
    status, error, excerpt
  from fairlead.webhook_deliveries where webhook_id = ${webhookId} order by sequence`;

/** Moves the time of a webhook's rows back, as if so much had passed. */
export const passTime = async (sql: Sql, seconds: number): Promise<void> => {
  await sql`
    update fairlead.webhook_deliveries
    set next_attempt_at = next_attempt_at - make_interval(secs => ${seconds}),
      created_at = created_at - make_interval(secs => ${seconds}),
      ended_at = ended_at - make_interval(secs => ${seconds})`;
  await sql`
    update fairlead.webhook_lanes
    set due_at = due_at - make_interval(secs => ${seconds}),
      lease_expires_at = lease_expires_at - make_interval(secs => ${seconds}),
      failing_since = failing_since - make_interval(secs => ${seconds})`;
};
