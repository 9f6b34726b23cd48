import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { type Ctx, requireAnyPermission, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { requireScope } from "../layers/require-scope.ts";
import type { Tx } from "../platform/sql.ts";
import { requireHeaders, requireUrl } from "./check-content.ts";
import { commitWebhookChange } from "./commit-webhook-change.ts";
import { toTagged } from "./get-webhook.ts";
import { generateKeyPair, type KeyPair } from "./signatures/key-pairs.ts";
import { formatSecret, generateSecret } from "./signatures/secrets.ts";
import {
  resourceOf,
  toJson,
  toWebhook,
  type Webhook,
  type WebhookContent,
  type WebhookRow,
  webhookColumns,
} from "./webhook.ts";

interface Made {
  readonly webhook: Webhook;
  readonly tag: string;
}

const maxWebhooks = 1_000;

/**
 * Makes a webhook. Its secret is in this answer and nowhere else; what it is told is what the key that
 * makes it may read at that time.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment, `INVALID_INPUT` for a URL that may not
 *   be called, `CONFLICT` for a repeated request (its secret cannot be told again)
 */
export const createWebhook = async (
  ctx: Ctx,
  input: WebhookContent,
): Promise<Made & { readonly secret: string }> => {
  requireAnyPermission(ctx, "webhooks.write");
  await requireScope(ctx, input);
  requirePermission(ctx, "webhooks.write", resourceOf(input));
  const content = {
    ...input,
    url: requireUrl(ctx, input.url),
    headers: requireHeaders(input.headers, {}),
  };
  const secret = generateSecret();
  const pair = input.signatures.includes("v1a") ? await generateKeyPair() : undefined;
  const made = await commitWebhookChange<Made>(ctx, {
    action: "webhook.create",
    apply: async (tx, now) => {
      if ((await countWebhooks(tx)) >= maxWebhooks) throw tooManyWebhooks();
      const row = await insertedWebhook(tx, content, { now, owner: ctx.actor.id, pair, secret });
      return { result: toTagged(row), detail: { after: toJson(toWebhook(row)) } };
    },
  });
  if (!made.isRepeat) return { ...made.result, secret: formatSecret(secret) };
  throw new Problem(
    "CONFLICT",
    `This Idempotency-Key made the webhook ${made.result.webhook.id} already, and a secret is told only once. Rotate its secret, or delete it and make another.`,
  );
};

const tooManyWebhooks = (): Problem =>
  new Problem("CONFLICT", `There are ${maxWebhooks} webhooks already: delete what is not used.`);

const countWebhooks = async (tx: Tx): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*)::int as count from fairlead.webhooks`;
  return row?.count ?? 0;
};

interface Making {
  readonly now: string;
  readonly owner: string;
  readonly pair: KeyPair | undefined;
  readonly secret: Uint8Array;
}

const insertedWebhook = async (
  tx: Tx,
  content: WebhookContent,
  { now, owner, pair, secret }: Making,
): Promise<WebhookRow> => {
  const disabledReason = content.enabled ? null : "requested";
  const [row] = await tx<WebhookRow[]>`
    with lane as (
      insert into fairlead.webhook_lanes (webhook_id) values (${randomUUID()}) returning webhook_id
    )
    insert into fairlead.webhooks as w
      (id, url, events, app, environment, prefix, payload, format, description, headers, signatures,
       secret, private_key, public_key, enabled, disabled_reason, disabled_at, owner, created_at,
       updated_at, version)
    select
      lane.webhook_id, ${content.url}, ${JSON.stringify(content.events)}::text::json, ${content.app},
      ${content.environment}, ${content.prefix}, ${content.payload}, ${content.format},
      ${content.description}, ${JSON.stringify(content.headers)}::text::json,
      ${JSON.stringify(content.signatures)}::text::json, decode(${hex(secret)}, 'hex'),
      decode(${pair === undefined ? null : hex(pair.privateKey)}, 'hex'),
      decode(${pair === undefined ? null : hex(pair.publicKey)}, 'hex'), ${content.enabled},
      ${disabledReason}, ${content.enabled ? null : now}::timestamptz, ${owner},
      ${now}::timestamptz, ${now}::timestamptz, 1
    from lane
    returning ${webhookColumns(tx)}`;
  if (row === undefined) throw new Error("an inserted webhook was not returned");
  return row;
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
