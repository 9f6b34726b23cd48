import { type Ctx, requirePermission } from "../context.ts";
import type { Json } from "../platform/json.ts";
import type { Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";
import { idempotencyNames, replayOf } from "./idempotency.ts";
import { lockCounter } from "./lock-counter.ts";
import { readSnapshot } from "./read-state.ts";

interface CatalogueChange<Result> {
  /** What audit rows call it. */
  readonly action: string;
  readonly detail: Json;
  insert(tx: Tx): Promise<Result>;
}

/**
 * Changes the catalogue of environments and apps: no change set, hence no revision, but under the
 * same lock, so that every group of change sets is judged against one catalogue.
 */
export const commitCatalogueChange = <Result extends object>(
  ctx: Ctx,
  change: CatalogueChange<Result>,
): Promise<Result> => {
  requirePermission(ctx, "catalogue.write");
  return inTransaction(ctx.sql, "read write", async (tx): Promise<Result> => {
    await lockCounter(tx);
    const names = idempotencyNames(ctx);
    const query = { operations: [], idempotencyNames: names, catalogue: undefined };
    const { now, replays } = await readSnapshot(tx, query);
    const replay = replayOf(ctx, replays);
    if (replay !== undefined) return replay.result as Result;
    const inserted = await change.insert(tx);
    await writeCatalogueChange(tx, ctx, change, inserted, now);
    return inserted;
  });
};

const writeCatalogueChange = async (
  tx: Tx,
  { actor, request }: Ctx,
  { action, detail }: Pick<CatalogueChange<unknown>, "action" | "detail">,
  result: object,
  now: string,
): Promise<void> => {
  const { idempotency } = request;
  await tx`
    with counter as (
      update fairlead.deployment set catalogue_version = catalogue_version + 1
    ), record as (
      insert into fairlead.idempotency_keys (actor, route, key, request_hash, result, created_at)
      select
        ${actor.id}, ${idempotency?.route ?? ""}, ${idempotency?.key ?? ""},
        ${idempotency?.requestHash ?? ""}, ${JSON.stringify(result)}::text::json,
        ${now}::timestamptz
      where ${idempotency !== undefined}
      on conflict on constraint idempotency_keys_pk do update set
        request_hash = excluded.request_hash, result = excluded.result,
        created_at = excluded.created_at
    )
    insert into fairlead.audit_log
      (at, actor_type, actor_id, authentication, action, request_id, address, user_agent, detail)
    values (
      ${now}::timestamptz, ${actor.type}, ${actor.id}, ${actor.type}, ${action}, ${request.id},
      ${request.address ?? null}, ${request.userAgent ?? null},
      ${JSON.stringify(detail)}::text::json
    )`;
};
