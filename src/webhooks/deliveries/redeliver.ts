import { type Ctx, requireAnyPermission } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { commitWebhookChange, earlierResult } from "../commit-webhook-change.ts";
import { writableWebhook } from "../require-webhook.ts";
import type { DeliveryState } from "./delivery.ts";
import { noDelivery } from "./get-delivery.ts";
import { lockLane } from "./lock-lane.ts";
import { wakeLane } from "./wake-lane.ts";

/** One delivery, or all that are kept from a revision or a time on. */
export type Redelivery =
  | { readonly deliveryId: string }
  | { readonly sinceRevision: number }
  | { readonly since: string };

interface Redelivered {
  readonly webhookId: string;
  readonly redelivered: number;
}

/** Rows that are written together: senders, and events of all webhooks, wait for the lane meanwhile. */
const batchSize = 2_000;

/**
 * Has deliveries sent again as if they were new, with the same ids and in the order of old. Those that
 * are being sent at this moment are left to that.
 *
 * They are made new before the audit row is written, since every commit waits for that. Where the
 * process ends between, a repeated request does all of it again: deliveries arrive at least once.
 *
 * @throws Problem `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for a single one that is being sent
 */
export const redeliver = async (
  ctx: Ctx,
  webhookId: string,
  which: Redelivery,
): Promise<Redelivered> => {
  requireAnyPermission(ctx, "webhooks.write");
  const earlier = await earlierResult<Redelivered>(ctx);
  if (earlier !== undefined) return earlier;
  await writableWebhook(ctx, ctx.sql, webhookId);
  const redelivered = await renewAll(ctx, webhookId, which);
  const done = { webhookId, redelivered };
  const { result } = await commitWebhookChange<Redelivered>(ctx, {
    action: "webhook.redeliver",
    apply: async () => ({ result: done, detail: { ...done, ...which } }),
  });
  return result;
};

/** Oldest first, so that older batches are due before newer ones. */
const renewAll = async (
  { sql }: Pick<Ctx, "sql">,
  webhookId: string,
  which: Redelivery,
): Promise<number> => {
  let redelivered = 0;
  for (let after = 0; ; ) {
    const { count, last } = await inTransaction(sql, "read write", (tx) =>
      renewBatch(tx, webhookId, which, after),
    );
    redelivered += count;
    if (last === null || count < batchSize) return redelivered;
    after = last;
  }
};

interface Batch {
  readonly count: number;
  /** The newest one's sequence. */
  readonly last: number | null;
}

const renewBatch = async (
  tx: Tx,
  webhookId: string,
  which: Redelivery,
  after: number,
): Promise<Batch> => {
  if (!(await lockLane(tx, webhookId))) return { count: 0, last: null };
  if ("deliveryId" in which) await requireSettled(tx, webhookId, which.deliveryId);
  const batch = await renewedBatch(tx, webhookId, which, after);
  if (batch.count > 0) await wakeLane(tx, webhookId);
  return batch;
};

const requireSettled = async (tx: Tx, webhookId: string, deliveryId: string): Promise<void> => {
  const [row] = await tx<{ state: DeliveryState }[]>`
    select state from fairlead.webhook_deliveries
    where webhook_id = ${webhookId} and id = ${deliveryId} for no key update`;
  if (row === undefined) throw noDelivery(deliveryId);
  if (row.state === "sending") {
    throw new Problem("CONFLICT", `The delivery "${deliveryId}" is being sent at this moment.`);
  }
};

const renewedBatch = async (
  tx: Tx,
  webhookId: string,
  which: Redelivery,
  after: number,
): Promise<Batch> => {
  const condition =
    "deliveryId" in which
      ? tx`d.id = ${which.deliveryId}`
      : "since" in which
        ? tx`d.created_at >= ${which.since}::timestamptz`
        : tx`d.revision >= ${which.sinceRevision}`;
  // One time for all of them, so that those that are due together are begun in their order.
  const [batch] = await tx<Batch[]>`
    with renewed as (
      update fairlead.webhook_deliveries
      set state = 'pending', attempts = 0, next_attempt_at = statement_timestamp(), ended_at = null
      where id = any (array(
        select d.id from fairlead.webhook_deliveries d
        where d.webhook_id = ${webhookId} and d.sequence > ${after} and d.state <> 'sending'
          and ${condition}
        order by d.sequence
        limit ${batchSize}
        for no key update
      ))
      returning sequence
    )
    select count(*)::int as count, max(sequence) as last from renewed`;
  return batch ?? { count: 0, last: null };
};
