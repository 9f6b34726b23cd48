import { type Holder, readHolders } from "../access/read-holders.ts";
import { bootstrapId } from "../access/store/identities.ts";
import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import { grantsBeyond } from "../permissions/covers-grants.ts";
import type { Tx } from "../platform/sql.ts";
import type { WebhookRow } from "./webhook.ts";

type Owned = Pick<WebhookRow, "owner" | "createdAt">;

/** Whether the key that made a webhook counts no more, so that it may be told nothing. */
export const hasEnded = ({ createdAt, owner }: Owned, holder: Holder | undefined): boolean => {
  if (holder === undefined) return true;
  if (holder.endedAt === null) return false;
  // The settings may have another bootstrap key since: what was made later was made with that.
  return owner !== bootstrapId || Date.parse(createdAt) <= Date.parse(holder.endedAt);
};

/** @throws Problem `CONFLICT` where the key that made the webhook counts no more */
export const requireLiveOwner = async (tx: Tx, webhook: Owned): Promise<void> => {
  const holders = await readHolders(tx, [webhook.owner]);
  if (!hasEnded(webhook, holders.get(webhook.owner))) return;
  throw new Problem(
    "CONFLICT",
    `The key "${webhook.owner}" that made this webhook is revoked or has expired: make another webhook.`,
  );
};

/**
 * A webhook is told what its owner may read. So who sends that elsewhere must be able to read it too.
 *
 * @throws Problem `FORBIDDEN`
 */
export const requireOwnersView = async (ctx: Ctx, tx: Tx, { owner }: Owned): Promise<void> => {
  const { actor, permissions } = ctx;
  if (actor.id === owner) return;
  if (permissions.mayEverywhere("entries.read") && permissions.mayEverywhere("webhooks.read"))
    return;
  const holder = (await readHolders(tx, [owner])).get(owner);
  if (holder !== undefined) {
    const { grants, roleActions } = holder;
    const isKnown = grants.every(({ role }) => roleActions.has(role));
    if (isKnown && grantsBeyond(permissions.grants, grants, roleActions).length === 0) return;
  }
  throw new Problem(
    "FORBIDDEN",
    `The webhook is told what the key "${owner}" may read, which is more than you may: you can change its description, and whether it is enabled.`,
  );
};
