import type { Ctx } from "../context.ts";
import type { Json } from "../platform/json.ts";
import type { Tx } from "../platform/sql.ts";

interface RecordedChange {
  /** What audit rows call it. */
  readonly action: string;
  /** Before and after, without secrets. */
  readonly detail: Json;
  /** What a repeated request is answered with. */
  readonly result: object;
  readonly now: string;
}

/** The traces of a change that is no change set: its audit row, and its idempotency record. */
export const recordChange = async (
  tx: Tx,
  { actor, authentication, request }: Ctx,
  { action, detail, now, result }: RecordedChange,
): Promise<void> => {
  const { idempotency } = request;
  await tx`
    with record as (
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
      ${now}::timestamptz, ${actor.type}, ${actor.id}, ${authentication}, ${action}, ${request.id},
      ${request.address ?? null}, ${request.userAgent ?? null},
      ${JSON.stringify(detail)}::text::json
    )`;
};
