import { Buffer } from "node:buffer";
import { type Ctx, requireAnyPermission, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { requireScope } from "../layers/require-scope.ts";
import { matchesStrongly, type TagCondition } from "../platform/entity-tag.ts";
import type { Tx } from "../platform/sql.ts";
import { requireHeaders, requireNewHeaders, requireUrl } from "./check-content.ts";
import { commitWebhookChange } from "./commit-webhook-change.ts";
import { lockLane } from "./deliveries/lock-lane.ts";
import { notifySenders, wakeLane } from "./deliveries/wake-lane.ts";
import { type TaggedWebhook, tagOf, toTagged } from "./get-webhook.ts";
import { requireLiveOwner, requireOwnersView } from "./owner.ts";
import { writableWebhook } from "./require-webhook.ts";
import { generateKeyPair, type KeyPair } from "./signatures/key-pairs.ts";
import {
  resourceOf,
  toJson,
  toWebhook,
  type WebhookContent,
  type WebhookRow,
  webhookColumns,
} from "./webhook.ts";

type WebhookPatch = { readonly [Name in keyof WebhookContent]?: WebhookContent[Name] | undefined };

interface UpdateInput {
  readonly id: string;
  /** What is absent stays as it is. */
  readonly patch: WebhookPatch;
  readonly ifMatch: TagCondition | undefined;
}

/**
 * Changes a webhook. Its owner stays, so that it is told what the key that made it may read; who changes
 * more than its description or whether it is enabled must hold what that key does.
 *
 * @throws Problem `NOT_FOUND`, `FORBIDDEN` (asked for both where it is and where it goes to),
 *   `PRECONDITION_FAILED`, `INVALID_INPUT`, `CONFLICT` where it is to be enabled and its key has ended
 */
export const updateWebhook = async (
  ctx: Ctx,
  { id, ifMatch, patch }: UpdateInput,
): Promise<TaggedWebhook> => {
  requireAnyPermission(ctx, "webhooks.write");
  const pair = patch.signatures?.includes("v1a") === true ? await generateKeyPair() : undefined;
  const { result } = await commitWebhookChange<TaggedWebhook>(ctx, {
    action: "webhook.update",
    apply: async (tx, now) => {
      const before = await writableWebhook(ctx, tx, id);
      requireMatch(ifMatch, tagOf(before));
      const content = await permittedContent(ctx, tx, before, patch);
      await lockLane(tx, id);
      const row = await updatedWebhook(tx, before, content, { now, pair });
      if (row.enabled && !before.enabled) await resume(tx, row);
      // What was begun ahead is not sent as the webhook was before.
      await notifySenders(tx);
      const detail = { before: toJson(toWebhook(before)), after: toJson(toWebhook(row)) };
      return { result: toTagged(row), detail };
    },
  });
  return result;
};

const requireMatch = (condition: TagCondition | undefined, tag: string): void => {
  if (condition === undefined || matchesStrongly(condition, tag)) return;
  throw new Problem("PRECONDITION_FAILED", `If-Match does not hold; the current ETag is ${tag}`, {
    headers: { etag: tag },
  });
};

/** What the webhook becomes, if the actor may make it that. */
const permittedContent = async (
  ctx: Ctx,
  tx: Tx,
  before: WebhookRow,
  patch: WebhookPatch,
): Promise<WebhookContent> => {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  const merged: WebhookContent = { ...before, ...Object.fromEntries(given) };
  const hasMoved = merged.app !== before.app || merged.environment !== before.environment;
  if (hasMoved) {
    await requireScope(ctx, merged, tx);
    requirePermission(ctx, "webhooks.write", resourceOf(merged));
  }
  const isHarmless = given.every(([name]) => name === "description" || name === "enabled");
  if (!isHarmless) await requireOwnersView(ctx, tx, before);
  if (merged.enabled && !before.enabled) await requireLiveOwner(tx, before);
  const url = patch.url === undefined ? before.url : requireUrl(ctx, patch.url);
  requireNewHeaders(before, { url, headers: patch.headers });
  const headers =
    patch.headers === undefined ? before.headers : requireHeaders(patch.headers, before.headers);
  return { ...merged, url, headers };
};

const updatedWebhook = async (
  tx: Tx,
  { disabledAt, disabledReason, id }: WebhookRow,
  content: WebhookContent,
  { now, pair }: { readonly now: string; readonly pair: KeyPair | undefined },
): Promise<WebhookRow> => {
  const { enabled } = content;
  const [row] = await tx<WebhookRow[]>`
    update fairlead.webhooks w
    set url = ${content.url}, events = ${JSON.stringify(content.events)}::text::json,
      app = ${content.app}, environment = ${content.environment}, prefix = ${content.prefix},
      payload = ${content.payload}, format = ${content.format},
      description = ${content.description},
      headers = ${JSON.stringify(content.headers)}::text::json,
      signatures = ${JSON.stringify(content.signatures)}::text::json,
      private_key = coalesce(w.private_key, decode(${hexOf(pair?.privateKey)}, 'hex')),
      public_key = coalesce(w.public_key, decode(${hexOf(pair?.publicKey)}, 'hex')),
      enabled = ${enabled},
      disabled_reason = ${enabled ? null : (disabledReason ?? "requested")},
      disabled_at = ${enabled ? null : (disabledAt ?? now)}::timestamptz,
      updated_at = ${now}::timestamptz, version = w.version + 1
    where w.id = ${id}
    returning ${webhookColumns(tx)}`;
  if (row === undefined) throw new Error("a webhook went away under the lock");
  return row;
};

const hexOf = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined ? null : Buffer.from(bytes).toString("hex");

/** Five days of failures begin anew, and what is still owed is sent. */
const resume = async (tx: Tx, { id }: WebhookRow): Promise<void> => {
  await tx`update fairlead.webhook_lanes set failing_since = null where webhook_id = ${id}`;
  await wakeLane(tx, id);
};
