import type { Ctx } from "../context.ts";
import type { Tx } from "../platform/sql.ts";
import { idempotencyNames, type RecordedReplay, replayOf, toReplays } from "./idempotency.ts";

/**
 * What a request's Idempotency-Key stands for already; where that is nothing, the key is set aside, and
 * whoever else comes with it waits until this transaction ends. Goes with `recordReplay`.
 *
 * @throws Problem `IDEMPOTENCY_KEY_REUSED` where the body was another
 */
export const reserveReplay = async (
  tx: Tx,
  ctx: Ctx,
): Promise<{ readonly result: unknown } | undefined> => {
  if (await reserve(tx, ctx)) return undefined;
  return replayOf(ctx, toReplays(await recordedReplays(tx, ctx)));
};

/** The answer that the key stands for from now on, of what is no change and makes no audit row. */
export const recordReplay = async (tx: Tx, ctx: Ctx, result: object): Promise<void> => {
  for (const { actor, key, route } of idempotencyNames(ctx)) {
    await tx`
      update fairlead.idempotency_keys set result = ${JSON.stringify(result)}::text::json
      where actor = ${actor} and route = ${route} and key = ${key}`;
  }
};

/** False: it stands for something. Then its row is locked, so that it goes on to. */
const reserve = async (tx: Tx, { actor, request: { idempotency } }: Ctx): Promise<boolean> => {
  if (idempotency === undefined) return true;
  const { key, requestHash, route } = idempotency;
  const rows = await tx`
    insert into fairlead.idempotency_keys as k
      (actor, route, key, request_hash, result, created_at)
    values (${actor.id}, ${route}, ${key}, ${requestHash}, 'null', clock_timestamp())
    on conflict on constraint idempotency_keys_pk do update set
      request_hash = excluded.request_hash, result = excluded.result,
      created_at = excluded.created_at
    where k.created_at <= clock_timestamp() - interval '24 hours'
    returning 1`;
  return rows.length > 0;
};

const recordedReplays = async (tx: Tx, ctx: Ctx): Promise<readonly RecordedReplay[]> => {
  const [name] = idempotencyNames(ctx);
  if (name === undefined) return [];
  return tx<RecordedReplay[]>`
    select actor, route, key, request_hash as "requestHash", result
    from fairlead.idempotency_keys
    where actor = ${name.actor} and route = ${name.route} and key = ${name.key}`;
};
