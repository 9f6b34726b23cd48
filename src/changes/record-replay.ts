import type { Ctx } from "../context.ts";
import type { Tx } from "../platform/sql.ts";

interface Answer {
  /** What a repeated request is answered with, or from. */
  readonly result: object;
  readonly now: string;
}

/** The idempotency record of what is no change and makes no audit row; nothing without a key. */
export const recordReplay = async (
  tx: Tx,
  { actor, request: { idempotency } }: Ctx,
  { now, result }: Answer,
): Promise<void> => {
  if (idempotency === undefined) return;
  const { key, requestHash, route } = idempotency;
  await tx`
    insert into fairlead.idempotency_keys (actor, route, key, request_hash, result, created_at)
    values (
      ${actor.id}, ${route}, ${key}, ${requestHash}, ${JSON.stringify(result)}::text::json,
      ${now}::timestamptz
    )
    on conflict on constraint idempotency_keys_pk do update set
      request_hash = excluded.request_hash, result = excluded.result,
      created_at = excluded.created_at`;
};
