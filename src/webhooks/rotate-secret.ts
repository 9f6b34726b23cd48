import { Buffer } from "node:buffer";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Tx } from "../platform/sql.ts";
import { commitWebhookChange } from "./commit-webhook-change.ts";
import { notifySenders } from "./deliveries/wake-lane.ts";
import { type TaggedWebhook, toTagged } from "./get-webhook.ts";
import { requireOwnersView } from "./owner.ts";
import { writableWebhook } from "./require-webhook.ts";
import { formatSecret, generateSecret } from "./signatures/secrets.ts";
import { type WebhookRow, webhookColumns } from "./webhook.ts";

interface RotateInput {
  readonly id: string;
  /** For how long the secret so far signs as well. */
  readonly overlapSeconds: number;
}

/**
 * Gives a webhook another secret, which is in this answer and nowhere else. Who has it can pretend to
 * the receiver to be Fairlead, so it takes what its owner holds.
 *
 * @throws Problem `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` while an overlap lasts and another one is asked
 *   for (a third secret would end the first one's early), and for a repeated request
 */
export const rotateSecret = async (
  ctx: Ctx,
  { id, overlapSeconds }: RotateInput,
): Promise<TaggedWebhook & { readonly secret: string }> => {
  requireAnyPermission(ctx, "webhooks.write");
  const secret = generateSecret();
  const { isRepeat, result } = await commitWebhookChange<TaggedWebhook>(ctx, {
    action: "webhook.rotate-secret",
    apply: async (tx, now) => {
      const before = await writableWebhook(ctx, tx, id);
      await requireOwnersView(ctx, tx, before);
      const { previousSecretUntil } = before;
      if (previousSecretUntil !== null && overlapSeconds > 0)
        throw stillOverlaps(previousSecretUntil);
      const tagged = toTagged(await rotatedWebhook(tx, id, { now, overlapSeconds, secret }));
      await notifySenders(tx);
      const detail = { webhookId: id, overlapSeconds, version: tagged.webhook.version };
      return { result: tagged, detail };
    },
  });
  if (!isRepeat) return { ...result, secret: formatSecret(secret) };
  throw new Problem(
    "CONFLICT",
    "This Idempotency-Key rotated the secret already, and a secret is told only once. Rotate it again with overlapSeconds 0.",
  );
};

const stillOverlaps = (until: string): Problem =>
  new Problem(
    "CONFLICT",
    `The secret before this one signs until ${until}. Wait for that, or end it at once with overlapSeconds 0.`,
  );

const rotatedWebhook = async (
  tx: Tx,
  id: string,
  { now, overlapSeconds, secret }: { now: string; overlapSeconds: number; secret: Uint8Array },
): Promise<WebhookRow> => {
  const overlaps = overlapSeconds > 0;
  const [row] = await tx<WebhookRow[]>`
    update fairlead.webhooks w
    set previous_secret = case when ${overlaps} then w.secret end,
      previous_secret_until = case
        when ${overlaps} then clock_timestamp() + make_interval(secs => ${overlapSeconds})
      end,
      secret = decode(${Buffer.from(secret).toString("hex")}, 'hex'),
      updated_at = ${now}::timestamptz, version = w.version + 1
    where w.id = ${id}
    returning ${webhookColumns(tx)}`;
  if (row === undefined) throw new Error("a webhook went away under the lock");
  return row;
};
